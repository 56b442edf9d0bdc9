// SPDX-License-Identifier: Apache-2.0
//
// See thinning.h.

#include "interposer/snapshot/thinning.h"

#include "interposer/base/memory.h"

namespace silt::snapshot {

bool Thinning::keep(uint32_t most) {
  if (most == 0) return true;
  // One more than stays: the newest comes before another goes.
  times_ = static_cast<Taken*>(base::map_memory((size_t{most} + 1) * sizeof(Taken)));
  most_ = most;
  return times_ != nullptr;
}

uint32_t Thinning::add(uint32_t sequence, uint64_t time_ns) {
  if (!active()) return kNone;
  times_[count_++] = {time_ns, sequence};
  if (count_ <= most_) return kNone;
  // The gap that each would leave, as a part of its age: gap / age, compared without a division.
  uint32_t victim = 1;
  unsigned __int128 least_gap = 0;
  unsigned __int128 its_age = 0;
  for (uint32_t i = 1; i + 1 < count_; ++i) {
    const unsigned __int128 gap = times_[i + 1].time_ns - times_[i - 1].time_ns;
    const unsigned __int128 age = time_ns - times_[i].time_ns + 1;
    if (i == 1 || gap * its_age < least_gap * age) {
      victim = i;
      least_gap = gap;
      its_age = age;
    }
  }
  const uint32_t removed = times_[victim].sequence;
  --count_;
  for (uint32_t i = victim; i < count_; ++i) times_[i] = times_[i + 1];
  return removed;
}

}  // namespace silt::snapshot
