// SPDX-License-Identifier: Apache-2.0
//
// The checks of the stack memory (stack_memory.h): how far from sp a slot is, and what must stand
// there. How they are kept in groups of four, what a run of them is, and how one is written so that
// groups of two pairs come about and no slot is read that an earlier one does not vouch for. Hook
// context; owned by one thread.

#ifndef SILT_INTERPOSER_UNWIND_STACK_CHECKS_H_
#define SILT_INTERPOSER_UNWIND_STACK_CHECKS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"

namespace silt::unwind {

// As many are remembered: as small as serves the programs of the benchmark.
inline constexpr uint32_t kCheckGroups = 8 * 1024;
inline constexpr uint32_t kMostCheckGroups = 127;  // of a run
inline constexpr uint32_t kMostInPairs = 31;

// A group of checks, by the offset of its distances in bytes, which serves as an index for both
// arrays: the comparison of two groups is all that many calls do.
using CheckGroup = uint64_t;
inline constexpr uint32_t kCheckUnitsBytes = 4 * sizeof(uint16_t);
inline constexpr uint32_t kCheckValuesBytes = 4 * sizeof(uint64_t);

// Checks to be made one after the other, and the stack it is when all have matched. 0: none.
//
//    63     40 39      27 26     20 19        15 14          0
//   +---------+----------+---------+------------+-------------+
//   |   tag   |  begin   | groups  |  in pairs  | key         |
//   +---------+----------+---------+------------+-------------+
//
// So many groups from the first one on are two pairs each. The key of a branch is the number of
// the check where it leaves the other stack; a root's is 1 when bp is compared.
struct CheckRun {
  uint64_t bits;

  uint32_t tag() const { return static_cast<uint32_t>(bits >> 40); }
  CheckGroup begin() const { return in_bytes<27>(kCheckGroups - 1); }
  CheckGroup end_of_pairs() const { return begin() + in_bytes<15>(kMostInPairs); }
  CheckGroup end() const { return begin() + in_bytes<20>(kMostCheckGroups); }
  // A number of groups that stands at kShift, times eight.
  template <unsigned kShift>
  uint64_t in_bytes(uint64_t mask) const {
    static_assert(kCheckUnitsBytes == 8);
    return bits >> (kShift - 3) & mask << 3;
  }
  uint64_t bp_mask() const { return -(bits & 1); }
  bool leaves_at(uint32_t check) const { return (bits & 0x7fff) == check; }
};

// Writes the checks of a new run one after the other. Not cold: a program with tens of thousands
// of stacks remembers a quarter of what it walks.
class CheckBuilder {
 public:
  CheckBuilder(uint16_t* units, uint64_t* values, uint64_t sp)
      : units_(units), values_(values), sp_(sp) {}

  bool empty() const { return count_ == 0; }

  // False when there is no room left.
  SILT_ALWAYS_INLINE bool add(uint16_t units, uint64_t value) {
    if (count_ % 4 != 0) {
      // Slots of one group are read together, so the first must vouch for the others.
      const uint64_t first = sp_ + uint64_t{units_[count_ & ~3u]} * 8;
      if ((first ^ (sp_ + uint64_t{units} * 8)) / base::kPageSize != 0) [[unlikely]]
        fill_group();
    }
    if (count_ >= 4 * kMostCheckGroups) [[unlikely]]  // even, so a second half has room as well
      return false;
    if (count_ % 2 == 0 && count_ != 0 && units_[count_ - 1] + 1 == units &&
        units_[count_ - 2] + 1 != units_[count_ - 1]) {
      // A pair whose first is the second of two: it stands here once more, in front of this one.
      put(units_[count_ - 1], values_[count_ - 1]);
    }
    put(units, value);
    return true;
  }

  // Returns the number of groups.
  uint32_t finish() {
    fill_group();
    return count_ / 4;
  }

 private:
  SILT_ALWAYS_INLINE void put(uint16_t units, uint64_t value) {
    units_[count_] = units;
    values_[count_] = value;
    ++count_;
  }
  // The rest of the group repeats the pair or the check before it.
  void fill_group() {
    while (count_ % 4 != 0) {
      const bool after_pair =
          count_ % 4 >= 2 && units_[count_ & ~3u] + 1 == units_[(count_ & ~3u) + 1];
      const uint32_t from = after_pair ? count_ - 2 : count_ - 1;
      put(units_[from], values_[from]);
    }
  }

  uint16_t* units_;
  uint64_t* values_;
  uint64_t sp_;
  uint32_t count_ = 0;
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_STACK_CHECKS_H_
