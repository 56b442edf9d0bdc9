// SPDX-License-Identifier: Apache-2.0
//
// What the callers of a function may know of it. A compiler that sees a function's body together
// with a call of it may leave values in registers that the ABI lets the function overwrite, where
// it sees that the function does not (GCC's -fipa-ra, on from -O2), and call it with a stack
// pointer that is not at a multiple of sixteen, where it sees that this does not matter. Such a
// function's hook must change no register (careful_way.h). Of a function that calls what its
// compiler could not see, if only in what it calls itself, nothing can be known: what is unknown
// may overwrite all that the ABI allows, and needs an aligned stack. Nearly all allocators ask
// libc for memory or for a lock somewhere. Normal context.

#ifndef SILT_INTERPOSER_DETOUR_CALLERS_H_
#define SILT_INTERPOSER_DETOUR_CALLERS_H_

#include <cstdint>

#include "interposer/detour/decoder.h"
#include "interposer/detour/prologue.h"

namespace silt::detour {

// Whether the function at `address`, in the code that `text` is, comes to a call through a pointer
// or of another file's function. False also where that is not found out: a jump table ends the
// search on its way, and not all of a large function is read.
bool calls_the_unknown(const Decoder& decoder, const Code& text, uint64_t address);

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_CALLERS_H_
