// SPDX-License-Identifier: Apache-2.0
//
// As debuggers do that evaluate Python's frames themselves (PEP 523): counts each, and passes it on.

extern void *_PyEval_EvalFrameDefault(void *thread, void *frame, int thrown);

unsigned long evaluated;

void *evaluate(void *thread, void *frame, int thrown) {
  ++evaluated;
  return _PyEval_EvalFrameDefault(thread, frame, thrown);
}
