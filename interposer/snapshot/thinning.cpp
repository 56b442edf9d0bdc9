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

void Thinning::count_need(uint32_t base, uint32_t more) {
  for (uint32_t i = count_; base != kNone && i > 0; --i) {
    if (times_[i - 1].sequence != base) continue;
    times_[i - 1].needed_by += more;
    return;
  }
}

uint32_t Thinning::add(uint32_t sequence, uint64_t time_ns, uint32_t base) {
  if (!active()) return kNone;
  count_need(base, 1);
  times_[count_++] = {time_ns, sequence, base, 0};
  if (count_ <= most_) return kNone;
  // The gap that each would leave, as a part of its age: gap / age, compared without a division.
  uint32_t victim = 0;
  unsigned __int128 least_gap = 0;
  unsigned __int128 its_age = 0;
  for (uint32_t i = 1; i + 1 < count_; ++i) {
    if (times_[i].needed_by != 0) continue;
    const unsigned __int128 gap = times_[i + 1].time_ns - times_[i - 1].time_ns;
    const unsigned __int128 age = time_ns - times_[i].time_ns + 1;
    if (victim == 0 || gap * its_age < least_gap * age) {
      victim = i;
      least_gap = gap;
      its_age = age;
    }
  }
  // There is one: of what is neither first nor newest, nor in the newest's chain, the last is
  // needed by none. Were there not, all would stay for once.
  if (victim == 0) {
    --count_;
    for (uint32_t i = 1; i < count_; ++i) times_[i] = times_[i + 1];
    return kNone;
  }
  const uint32_t removed = times_[victim].sequence;
  count_need(times_[victim].base, UINT32_MAX);
  --count_;
  for (uint32_t i = victim; i < count_; ++i) times_[i] = times_[i + 1];
  return removed;
}

}  // namespace silt::snapshot
