// SPDX-License-Identifier: Apache-2.0
//
// Allocators inside the program's own file: jemalloc, mimalloc, tcmalloc that were linked into it,
// its own malloc and operators new. Nobody looks their functions up by name, so no hook can stand
// in front of them: where the program's file still names them, their first instructions are
// replaced by a jump to a hook, which calls a copy of those instructions that goes on with the
// rest.
//
// All of them or none: a block that is seen when it is handed out and not when it is given back
// would look like a leak. Nothing is changed unless all that is replaced is understood, unless the
// process still has a single thread, and unless the system lets code be changed. Normal context, in
// the constructor.

#ifndef SILT_INTERPOSER_DETOUR_DETOUR_H_
#define SILT_INTERPOSER_DETOUR_DETOUR_H_

#include "interposer/format/snapshot.h"

namespace silt::detour {

struct Outcome {
  bool seen = false;  // blocks of an allocator inside are recorded from now on
  format::InnerRefusal refusal = format::InnerRefusal::kNone;
};

// `library`: the path of libsilt.so, beside which the decoder may lie. `complain` gets one line
// where there is an allocator inside and it cannot be recorded.
Outcome detour_inner_allocators(bool wanted, const char* library,
                                void (*complain)(const char* line));

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_DETOUR_H_
