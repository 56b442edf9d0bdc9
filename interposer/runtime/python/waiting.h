// SPDX-License-Identifier: Apache-2.0
//
// What is particular about a generator, a coroutine or a task of asyncio: the function that it runs
// and the line where it waits. In the copy of the process.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_WAITING_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_WAITING_H_

#include <cstdint>

#include "interposer/owners/labels.h"
#include "interposer/runtime/python/peek.h"
#include "interposer/runtime/python/types.h"

namespace silt::python {

// "coroutine handle() at app.py:41"; "_asyncio.Task of handle(), waits in fetch() at db.py:7",
// where handle awaits fetch: the innermost coroutine on the way that is the program's own. 0: it is
// none of these. `end`: of its block.
owners::LabelId label_of_waiting(const Peek& peek, Types& types, const Found& found, uint64_t end);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_WAITING_H_
