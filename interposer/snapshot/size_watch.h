// SPDX-License-Identifier: Apache-2.0
//
// SILT_AT: when the process has come to one of the sizes at which a snapshot is wanted
// (format/memory_marks.h). A mark that was reached counts again once memory has fallen well below
// it, so that a size around a mark is no series of snapshots. Asked now and then by threads that
// allocate, where the clock is looked at; without marks that is one comparison. Hook context, but
// for `begin`.

#ifndef SILT_INTERPOSER_SNAPSHOT_SIZE_WATCH_H_
#define SILT_INTERPOSER_SNAPSHOT_SIZE_WATCH_H_

#include <atomic>
#include <cstdint>

#include "interposer/format/memory_marks.h"

namespace silt::snapshot {

// What is measured, in bytes.
struct Sizes {
  uint64_t resident;
  uint64_t cgroup_used;
  uint64_t cgroup_limit;  // 0: there is none
};

class SizeMarks {
 public:
  void set(const format::MemoryMarks& marks) { marks_ = marks; }
  bool any() const { return marks_.count != 0; }
  bool any_share_of_limit() const;
  // The smallest part of the limit, in bytes, that a mark stands at.
  uint64_t least_share(uint64_t limit) const;

  // Whether a mark is reached that was not before.
  bool reached(const Sizes& sizes);
  // A snapshot was taken: growth counts from here.
  void note_taken(uint64_t resident) { base_.store(resident, std::memory_order_relaxed); }

 private:
  format::MemoryMarks marks_{};
  std::atomic<uint32_t> reached_{0};  // a bit for each mark
  std::atomic<uint64_t> base_{0};
};

class SizeWatch {
 public:
  // Normal context, once, before recording begins.
  void begin(const format::MemoryMarks& marks);

  // Whether a snapshot is due.
  bool due() { return marks_.any() && look(); }

  // A snapshot was taken, or a forked child begins: growth counts from what is resident now.
  void note_taken();
  // No snapshot before then, on the monotonic clock: the program is to get something done.
  void not_before(uint64_t ns) { earliest_ns_.store(ns, std::memory_order_relaxed); }

 private:
  bool look();

  SizeMarks marks_{};
  std::atomic<uint64_t> next_look_{0};  // ticks
  std::atomic<uint64_t> earliest_ns_{0};
};

extern constinit SizeWatch size_watch;

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_SIZE_WATCH_H_
