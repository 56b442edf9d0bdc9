// SPDX-License-Identifier: Apache-2.0
//
// The way to the hook of a function of which callers may know what it does to registers
// (callers.h): it keeps all of them, whatever the hook and the original do, except the one in which
// something is returned; and the hook finds the stack aligned. It costs some hundred instructions
// and three kilobytes of stack, and few functions need it. Hook context.

#ifndef SILT_INTERPOSER_DETOUR_CAREFUL_WAY_H_
#define SILT_INTERPOSER_DETOUR_CAREFUL_WAY_H_

#include <cstdint>

namespace silt::detour {

// Finds out which registers this processor has. Normal context, before the way is taken.
void prepare_careful_way();

}  // namespace silt::detour

// Called by a function's place (plan.h), in which the hook's address, whether the function returns
// nothing, and the copy lie 10, 18 and 26 bytes behind the return address. The hook gets as its
// seventh argument a frame record, as if the function itself had begun by keeping a frame pointer.
extern "C" __attribute__((visibility("hidden"))) void silt_careful_way();

#endif  // SILT_INTERPOSER_DETOUR_CAREFUL_WAY_H_
