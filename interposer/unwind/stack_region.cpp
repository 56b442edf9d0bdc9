// SPDX-License-Identifier: Apache-2.0
//
// See stack_region.h. Hook context.

#include "interposer/unwind/stack_region.h"

#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"

namespace silt::unwind {
namespace {

using base::kPageSize;

// Farther than this from a known region, pages in between are not asked for one by one.
constexpr uint64_t kMaximumGap = 64 * kPageSize;

// rt_sigprocmask copies its argument in before it looks at `how`: with an invalid `how` it answers
// EFAULT for unreadable memory and EINVAL for readable, changes nothing, and no sandbox forbids it.
bool page_readable(uint64_t page) {
  constexpr long kNoSuchHow = 0x5117;
  return base::system_call(SYS_rt_sigprocmask, kNoSuchHow, static_cast<long>(page), 0, 8) ==
         -EINVAL;
}

bool pages_readable(uint64_t from, uint64_t to) {
  for (; from < to; from += kPageSize) {
    if (!page_readable(from)) return false;
  }
  return true;
}

}  // namespace

bool StackRegions::readable_slow(uint64_t address) {
  if ((address & 7) != 0 || address < kPageSize || address >> arch::kAddressBits != 0) return false;
  const uint64_t page = address & ~(kPageSize - 1);
  Region found{};
  int position = kRegions - 1;  // where nothing fits, the one used least recently is replaced
  for (int i = 0; i < kRegions; ++i) {
    Region region = regions_[i];
    if (region.size == 0) continue;
    const uint64_t high = region.low + region.size;
    if (page >= region.low && page < high) {
      found = region;
      position = i;
      break;
    }
    if (page >= high && page - high < kMaximumGap && pages_readable(high, page + kPageSize)) {
      region.size = page + kPageSize - region.low;
      found = region;
      position = i;
      break;
    }
    if (page < region.low && region.low - page <= kMaximumGap && pages_readable(page, region.low)) {
      region.size += region.low - page;
      region.low = page;
      found = region;
      position = i;
      break;
    }
  }
  if (found.size == 0) {
    if (!page_readable(page)) return false;
    found = Region{page, kPageSize};
  }
  for (int i = position; i > 0; --i) regions_[i] = regions_[i - 1];
  regions_[0] = found;
  return true;
}

}  // namespace silt::unwind
