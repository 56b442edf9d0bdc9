// SPDX-License-Identifier: Apache-2.0
//
// Joins CPython: waits until the interpreter has started, then has silt's own function called on
// its main thread with its lock held (Py_AddPendingCall, which any thread may use), where the
// layout of frames is checked against one that is running, the walk is told where to find them, and
// the allocators of objects get their hooks. Nothing in the program's surroundings is needed: no
// environment variable, no module. docs/python.md tells the whole.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_JOINING_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_JOINING_H_

#include "interposer/runtime/runtime.h"

namespace silt::python {

extern const runtime::Runtime runtime;

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_JOINING_H_
