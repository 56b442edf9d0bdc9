// SPDX-License-Identifier: Apache-2.0
//
// See size_watch.h.

#include "interposer/snapshot/size_watch.h"

#include "interposer/base/arch.h"
#include "interposer/base/log.h"
#include "interposer/base/system_call.h"
#include "interposer/snapshot/cgroup_memory.h"
#include "interposer/snapshot/process_info.h"

namespace silt::snapshot {

constinit SizeWatch size_watch{};

namespace {

using Kind = format::MemoryMark::Kind;

// Some five milliseconds. A look takes three system calls, about two microseconds; with shares of
// a limit six more.
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 24;
static_assert(format::kMostMarks <= 32);

// Below three quarters of a mark it counts again.
bool well_below(uint64_t size, uint64_t mark) { return size < mark - mark / 4; }

uint64_t share_of(uint64_t whole, uint64_t percent) {
  return whole / 100 * percent + whole % 100 * percent / 100;
}

}  // namespace

bool SizeMarks::any_share_of_limit() const {
  for (size_t i = 0; i < marks_.count; ++i) {
    if (marks_.marks[i].kind == Kind::kLimitShare) return true;
  }
  return false;
}

uint64_t SizeMarks::least_share(uint64_t limit) const {
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < marks_.count; ++i) {
    if (marks_.marks[i].kind != Kind::kLimitShare) continue;
    const uint64_t share = share_of(limit, marks_.marks[i].value);
    if (share < least) least = share;
  }
  return least;
}

bool SizeMarks::reached(const Sizes& sizes) {
  bool any = false;
  const uint64_t base = base_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < marks_.count; ++i) {
    const format::MemoryMark& mark = marks_.marks[i];
    const uint32_t bit = 1u << i;
    if (mark.kind == Kind::kGrowth || mark.kind == Kind::kGrowthShare) {
      const uint64_t by = mark.kind == Kind::kGrowth ? mark.value : share_of(base, mark.value);
      any = any || (sizes.resident > base && sizes.resident - base >= by);
      continue;
    }
    if (mark.kind == Kind::kLimitShare && sizes.cgroup_limit == 0) continue;
    const bool share = mark.kind == Kind::kLimitShare;
    const uint64_t size = share ? sizes.cgroup_used : sizes.resident;
    const uint64_t at = share ? share_of(sizes.cgroup_limit, mark.value) : mark.value;
    if (size >= at)
      any = (reached_.fetch_or(bit, std::memory_order_relaxed) & bit) == 0 || any;
    else if (well_below(size, at))
      reached_.fetch_and(~bit, std::memory_order_relaxed);
  }
  // Even if the snapshot fails: it is not tried again at each look.
  if (any) note_taken(sizes.resident);
  return any;
}

void SizeWatch::begin(const format::MemoryMarks& marks) {
  marks_.set(marks);
  if (!marks_.any()) return;
  memory_limit();
  if (marks_.any_share_of_limit() && cgroup_memory.limit() == 0) {
    base::log(base::LogLevel::kWarn,
              "SILT_AT: no memory limit of a cgroup was found, so no snapshot is taken at a share "
              "of it; sizes such as 512M and growth such as +25% go without");
  }
  note_taken();
}

void SizeWatch::note_taken() {
  if (marks_.any()) marks_.note_taken(resident_now());
}

bool SizeWatch::look() {
  const uint64_t ticks = base::ticks();
  uint64_t next = next_look_.load(std::memory_order_relaxed);
  if (ticks < next || !next_look_.compare_exchange_strong(next, ticks + kTicksBetweenLooks,
                                                          std::memory_order_relaxed)) {
    return false;
  }
  const uint64_t earliest = earliest_ns_.load(std::memory_order_relaxed);
  if (earliest != 0 && monotonic_ns() < earliest) return false;
  Sizes sizes{resident_now(), 0, 0};
  if (marks_.any_share_of_limit()) {
    sizes.cgroup_limit = cgroup_memory.limit();
    sizes.cgroup_used = cgroup_memory.used(marks_.least_share(sizes.cgroup_limit));
  }
  return marks_.reached(sizes);
}

}  // namespace silt::snapshot
