// SPDX-License-Identifier: Apache-2.0
//
// SILT_VERIFY_WALK, for tests and debugging: every recorded allocation's stack, by whatever short
// cut it was found, is compared with libunwind's own walk of the same stack, and so is the spine,
// register by register, when it was just made. Hook context, but for start and tell.
//
// Counts go to standard error at exit. With SILT_VERIFY_WALK=/path/of/file they go to that file,
// which all processes of a run map shared, so that those count too which are killed, or which may
// open nothing: kSlots slots, one for each program's name, then differences in words, as far as
// there is room. scripts/verify_walks makes the file and reads it.

#ifndef SILT_INTERPOSER_TRACK_VERIFICATION_H_
#define SILT_INTERPOSER_TRACK_VERIFICATION_H_

#include <atomic>
#include <cstdint>

#include "interposer/track/stack_table.h"
#include "interposer/unwind/spine.h"

namespace silt::track {

struct VerifiedProgram {
  std::atomic<uint64_t> name[4];  // 31 bytes and a NUL; the first word 0: a free slot
  std::atomic<uint64_t> processes;
  std::atomic<uint64_t> allocations;  // whose stack was compared
  std::atomic<uint64_t> walks;        // comparisons: a new stack is compared where it was made, too
  std::atomic<uint64_t> different;
};
static_assert(sizeof(VerifiedProgram) == 64);

struct VerificationFile {
  static constexpr uint32_t kSlots = 1023;
  static constexpr uint64_t kTextBytes = 256 * 1024;
  std::atomic<uint64_t> text_used;
  uint64_t reserved[7];
  VerifiedProgram programs[kSlots];
  char text[kTextBytes];
};

// Normal context. `setting` is SILT_VERIFY_WALK's value, `program` the executable's path.
void start_verification(const char* setting, const char* program);

// `whole_allocation`: not one of several comparisons for the same allocation.
void verify_walk(const unwind::Frame& frame, StackId stack, const unwind::Spine* spine,
                 bool whole_allocation);

// Says on standard error what was compared, unless it is in a file.
void tell_verification();

void lock_verification();
void unlock_verification();

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_VERIFICATION_H_
