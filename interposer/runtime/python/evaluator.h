// SPDX-License-Identifier: Apache-2.0
//
// The native function that runs Python functions, _PyEval_EvalFrameDefault: where its code lies and
// where in its frames the anchor is. Normal context.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_EVALUATOR_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_EVALUATOR_H_

#include <cstdint>

#include "interposer/base/arch.h"

namespace silt::python {

// Fills in what the walk has to know (track::Evaluator, but for `joined`). `anchor`: of the
// innermost of its frames, which is looked for on the stack above the hook whose frame is given.
bool find_evaluator(uint64_t anchor, const arch::CallFrame& hook_frame);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_EVALUATOR_H_
