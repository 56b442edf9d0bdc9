// SPDX-License-Identifier: Apache-2.0
//
// libunwind as silt has it: opened privately (its libraries export _Unwind_* and backtrace, which
// must not get in front of the target's own), from the constructor, because dlopen takes the
// loader's lock. Who calls it holds `derive_lock` and runs on `derive_stack`, one thread at a time.

#ifndef SILT_INTERPOSER_UNWIND_UNWINDER_H_
#define SILT_INTERPOSER_UNWIND_UNWINDER_H_

#include <cstddef>

#include "interposer/base/own_stack.h"
#include "interposer/base/spin_lock.h"

namespace silt::unwind {

// Held while libunwind runs: it has internal locks and pools of its own that a fork must not catch
// half-way.
extern base::SpinLock derive_lock;

// libunwind needs some kilobytes of stack; who holds derive_lock calls it on this one.
inline constexpr size_t kDeriveStackSize = size_t{64} * 1024;
extern base::OwnStack<kDeriveStackSize> derive_stack;

// Normal context. False when libunwind is not on this machine: then only frame pointers are used.
bool open_unwinder();
bool has_unwinder();

// In the hook of mmap: libunwind, called by silt, asks for memory, and the program has forbidden
// itself to map any on pain of death.
bool libunwind_maps_in_vain();

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_UNWINDER_H_
