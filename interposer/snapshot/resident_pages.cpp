// SPDX-License-Identifier: Apache-2.0
//
// See resident_pages.h.

#include "interposer/snapshot/resident_pages.h"

#include <sys/syscall.h>
#include <time.h>

#include <cstring>

#include "interposer/base/clock.h"
#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"

namespace silt::snapshot {
namespace {

using base::kPageSize;

constexpr uint64_t kPiece = uint64_t{16} << 20;  // asked about at once, bytes

uint64_t thread_ns() { return base::clock_ns(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace

ResidentPages::ResidentPages(uint64_t patience_ns) : end_ns_(thread_ns() + patience_ns) {}

uint64_t ResidentPages::resident(uint64_t start, uint64_t end) {
  uint64_t pages = 0;
  start = base::page_down(start);
  end = base::page_up(end);
  while (start < end && !late_) {
    const uint64_t size = end - start < kPiece ? end - start : kPiece;
    pages += count(start, size);
    start += size;
    unchecked_ += size;
    if (unchecked_ < kPiece / 4) continue;
    unchecked_ = 0;
    late_ = thread_ns() > end_ns_;
  }
  return pages * base::page_size();
}

uint64_t ResidentPages::count(uint64_t start, uint64_t size) {
  static constinit unsigned char answers[kPiece / kPageSize]{};
  if (base::system_call(SYS_mincore, static_cast<long>(start), static_cast<long>(size),
                        reinterpret_cast<long>(answers)) != 0) {
    return 0;  // unmapped meanwhile
  }
  const uint64_t pages = size / base::page_size();
  uint64_t resident = 0;
  uint64_t i = 0;
  for (; i + 8 <= pages; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, answers + i, sizeof(eight));
    resident += (eight & 0x0101010101010101) * 0x0101010101010101 >> 56;
  }
  for (; i < pages; ++i) resident += answers[i] & 1;
  return resident;
}

}  // namespace silt::snapshot
