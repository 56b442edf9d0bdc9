// SPDX-License-Identifier: Apache-2.0
//
// Which snapshots of a recording stay when there is to be no more than a number of them
// (SILT_KEEP), so that a process can be recorded for weeks. The first and the newest always do. Of
// the others the one goes that leaves the smallest gap for its age: the gaps that remain are all
// the same part of the age, minutes among the newest and hours among the oldest, and no count of
// what was allocated or freed is lost, since those are sums. Numbers in, a number out: any context;
// calls do not overlap.

#ifndef SILT_INTERPOSER_SNAPSHOT_THINNING_H_
#define SILT_INTERPOSER_SNAPSHOT_THINNING_H_

#include <cstddef>
#include <cstdint>

namespace silt::snapshot {

class Thinning {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The most to be kept, 4 at least; 0: all of them. False, and all are kept, when there is no
  // memory for their numbers. Once.
  bool keep(uint32_t most);
  bool active() const { return times_ != nullptr; }

  // A snapshot was taken. Returns the number of the one to be removed for it, or kNone. Times must
  // not go back. `base`: the snapshot that this one cannot be read without, kNone: it can. A base
  // stays as long as others need it, so no more than kept / 4 (at least 1) may need one another in
  // a chain.
  uint32_t add(uint32_t sequence, uint64_t time_ns, uint32_t base = kNone);
  uint32_t longest_chain() const { return most_ < 8 ? 1 : most_ / 4; }

  // Another recording begins.
  void clear() { count_ = 0; }

 private:
  struct Taken {
    uint64_t time_ns;
    uint32_t sequence;
    uint32_t base;
    uint32_t needed_by;  // how many of the others
  };
  void count_need(uint32_t base, uint32_t more);

  Taken* times_;
  uint32_t count_;
  uint32_t most_;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_THINNING_H_
