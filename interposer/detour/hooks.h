// SPDX-License-Identifier: Apache-2.0
//
// The hooks for functions that have no symbol to put another in front of: two for each shape. The
// original is their sixth argument, which the way to them adds. Hook context.

#ifndef SILT_INTERPOSER_DETOUR_HOOKS_H_
#define SILT_INTERPOSER_DETOUR_HOOKS_H_

#include <cstdint>

#include "interposer/detour/names.h"

namespace silt::detour {

// A register's worth: a size, a pointer, an int whose upper half is anything.
using Word = uint64_t;
using Original = Word (*)(Word, Word, Word, Word, Word);
using Hook = Word (*)(Word, Word, Word, Word, Word, Original);

// That which is jumped to, in place of the function.
Hook hook_of(Shape shape);
// That which is called on the careful way, and is told the frame record of that.
using CarefulHook = Word (*)(Word, Word, Word, Word, Word, Original, const void* record);
CarefulHook careful_hook_of(Shape shape);

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_HOOKS_H_
