// SPDX-License-Identifier: Apache-2.0
//
// See marked_ranges.h.

#include "interposer/runtime/nodejs/marked_ranges.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "interposer/base/maps_line.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::nodejs {
namespace {

bool advise(uint64_t start, uint64_t end, int advice) {
  return base::system_call(SYS_madvise, static_cast<long>(start), static_cast<long>(end - start),
                           advice) == 0;
}

}  // namespace

bool MarkedRanges::read() {
  static constinit char buffer[64 * 1024]{};
  count_ = 0;
  bool fits = true;
  Range range{};
  const auto look = [&](const char* line) {
    base::MapsLine mapping;
    if (base::parse_maps_line(line, &mapping)) {
      // What is shared is nothing of a heap.
      range = {mapping.start, mapping.is_private ? mapping.end : 0};
      return;
    }
    if (range.end == 0 || !base::starts_with(line, "VmFlags:")) return;
    bool marked = false;
    for (; *line != '\0'; ++line) marked = marked || base::starts_with(line, " dc");
    if (!marked) return;
    if (count_ != 0 && ranges_[count_ - 1].end == range.start) {
      ranges_[count_ - 1].end = range.end;
    } else if (count_ < kMost) {
      ranges_[count_++] = range;
    } else {
      fits = false;
    }
  };
  return snapshot::read_lines("/proc/self/smaps", buffer, sizeof(buffer), look) == 0 && fits;
}

bool MarkedRanges::unmark() {
  for (size_t i = 0; i < count_; ++i) {
    if (advise(ranges_[i].start, ranges_[i].end, MADV_DOFORK)) continue;
    // The last one too: a part of it may have been there.
    for (size_t k = 0; k <= i; ++k) advise(ranges_[k].start, ranges_[k].end, MADV_DONTFORK);
    return false;
  }
  return true;
}

void MarkedRanges::mark() {
  for (size_t i = 0; i < count_; ++i) advise(ranges_[i].start, ranges_[i].end, MADV_DONTFORK);
}

}  // namespace silt::nodejs
