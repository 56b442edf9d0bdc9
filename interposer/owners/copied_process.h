// SPDX-License-Identifier: Apache-2.0
//
// How a copy of the process lives: out of everybody's way, for a bounded time, and leaving nothing
// but what it adds to a snapshot. In the copy.

#ifndef SILT_INTERPOSER_OWNERS_COPIED_PROCESS_H_
#define SILT_INTERPOSER_OWNERS_COPIED_PROCESS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/owners/result.h"
#include "interposer/snapshot/owners_wish.h"

namespace silt::owners {

// It is over by then, by the alarm if need be. Of processor time it gets less: 80 million blocks
// take half a minute.
inline constexpr uint64_t kLongestLifeNs = uint64_t{300} * 1'000'000'000;
inline constexpr uint64_t kMostCpuSeconds = 120;

struct Life {
  const char* name = "silt owners";  // of the process, at most 15 letters
  uint64_t longest_ns = kLongestLifeNs;
  uint64_t most_cpu_seconds = kMostCpuSeconds;
};

// By how much a copy's nice value is above the program's; at start-up, where a parent process of
// ours asked for another than the usual one.
void set_copy_nice(long above);

// Right after the copy was made: closes all descriptors but `folder` (negative: none is kept), is
// the first to be killed when memory runs out, has a low priority and limits on its life.
void settle_in_copy(int folder, const Life& life = {});
[[noreturn]] void end_copy(int status);

// Reads this process's memory without a fault where none is. How much was read, in bytes, which is
// less where memory is missing behind it; else -errno, -EFAULT when it is missing at `address`.
long read_copied(uint64_t address, void* into, size_t size_bytes);

// Waits until the process has written the snapshot; a descriptor of it, or a negative number when
// there will be none.
int open_written(const snapshot::OwnersRequest& request);
// Replaces the snapshot by one that says more. False when that failed; it is then as it was.
bool add_to_snapshot(const snapshot::OwnersRequest& request, int file, Result& result);

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_COPIED_PROCESS_H_
