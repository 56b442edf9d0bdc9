// SPDX-License-Identifier: Apache-2.0
//
// Counts the resident pages of ranges, by asking `mincore`, until a time given to it is up: about a
// millisecond a gigabyte. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_RESIDENT_PAGES_H_
#define SILT_INTERPOSER_SNAPSHOT_RESIDENT_PAGES_H_

#include <cstdint>

namespace silt::snapshot {

class ResidentPages {
 public:
  // Of this thread's own time, in which other threads and programs do not count.
  explicit ResidentPages(uint64_t patience_ns);

  // Bytes in the pages that [start, end) touches; from when it is late on, of those before.
  uint64_t resident(uint64_t start, uint64_t end);
  // The time is up.
  bool late() const { return late_; }

 private:
  static uint64_t count(uint64_t start, uint64_t size);

  const uint64_t end_ns_;
  uint64_t unchecked_ = 0;
  bool late_ = false;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_RESIDENT_PAGES_H_
