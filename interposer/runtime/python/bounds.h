// SPDX-License-Identifier: Apache-2.0
//
// How full a container is that its program has given a limit: a deque with a maxlen, the cache of
// functools.lru_cache. In the copy of the process.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_BOUNDS_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_BOUNDS_H_

#include "interposer/owners/labels.h"
#include "interposer/runtime/python/peek.h"
#include "interposer/runtime/python/types.h"

namespace silt::python {

// "collections.deque, 3200 of at most 4000"; 0: it is none, has no limit, or has few elements.
owners::LabelId label_of_bounded(const Peek& peek, Types& types, const Found& found);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_BOUNDS_H_
