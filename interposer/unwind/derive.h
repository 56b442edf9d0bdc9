// SPDX-License-Identifier: Apache-2.0
//
// Deriving frame rules with libunwind, and libunwind's own walk as the slow path and the reference
// in tests. libunwind is opened privately (its libraries export _Unwind_* and backtrace, which must
// not get in front of the target's own), from the constructor, because dlopen takes the loader's
// lock. Everything else here is hook context, one thread at a time behind `derive_lock`.

#ifndef SILT_INTERPOSER_UNWIND_DERIVE_H_
#define SILT_INTERPOSER_UNWIND_DERIVE_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/own_stack.h"
#include "interposer/base/spin_lock.h"
#include "interposer/unwind/frame_rule.h"

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

// The rule for a frame whose return address is `pc`, never kUnknown. Caller holds derive_lock.
FrameRule derive_rule(uint64_t pc);

// libunwind's walk from `registers` (inside silt's own code), reporting the frames from the first
// one whose stack pointer is at least `first_sp`. Returns the number of frames stored, at most
// `capacity`. `*complete` tells whether the outermost frame was reached; where libunwind meets a
// pc without unwind information it stops and *stopped_at is that frame (stored as the last one).
// Takes derive_lock.
size_t walk_with_libunwind(const arch::Registers& registers, uint64_t first_sp, Frame* frames,
                           size_t capacity, bool* complete);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_DERIVE_H_
