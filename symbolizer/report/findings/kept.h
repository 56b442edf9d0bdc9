// SPDX-License-Identifier: Apache-2.0
//
// What a copy of the process found of groups: by what each is kept, and on the blocks of which
// others it hangs.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_KEPT_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_KEPT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/findings/fold.h"

namespace silt::report {

struct LostStacks {
  uint64_t bytes = 0;
  std::vector<size_t> stacks;  // indices into the recording's
};

struct Kept {
  uint64_t kept_bytes = 0;
  uint64_t kept_blocks = 0;
  uint64_t lost_blocks = 0;
  uint64_t lost_bytes = 0;
  uint64_t told_bytes = 0;  // of both, those with a path
  // Of what is kept, bytes that hang on a runtime's objects or are those, by the stack of the
  // outermost object on the way; one for each group that has objects there, its own included.
  std::unordered_map<uint32_t, uint64_t> below_objects;
  // Bytes that hang on another group's blocks, by group: of what is kept, and of what is lost.
  std::vector<uint64_t> hanging_on;
  std::vector<uint64_t> lost_with;
  // All, and by group those of which nearly all hangs on it.
  LostStacks lost;
  std::unordered_map<size_t, LostStacks> lost_whole_with;
  // Of what is kept and no garbage, elements of containers that have a limit: those below it, and
  // those that have reached it; one of the containers.
  uint64_t filling_bytes = 0;
  uint64_t full_bytes = 0;
  uint32_t limited = 0;  // index into Owners::labels
  // Of what is kept, what only keeps itself, and a collector that runs will come to.
  uint64_t garbage_bytes = 0;
  // Of what is kept, what a runtime has for itself: freed objects that it will hand out again.
  uint64_t runtimes_bytes = 0;

  uint64_t bytes() const { return kept_bytes + lost_bytes; }
  // Nine tenths or more.
  bool hangs_on(size_t group) const;
  bool is_lost() const;
  // What nothing keeps, and what goes with it: the reference to the other was the one forgotten.
  bool is_lost_with(size_t group) const;

  static bool at_least(double share, uint64_t part, uint64_t all) {
    return all > 0 && static_cast<double>(part) >= share * static_cast<double>(all);
  }
  static bool nearly_all(uint64_t part, uint64_t all);
};

// Of all groups. The recording has owners that were found; both must stay.
class KeptFacts {
 public:
  // `runtimes_own`: of Owners::roots, which are variables in which a runtime has its own state.
  KeptFacts(const read::Recording& recording, const std::vector<Group>& groups,
            const std::vector<bool>& runtimes_own);

  const Kept& of(size_t group) const { return kept_[group]; }
  // Whether a copy of the process has marked its blocks one by one.
  static bool is_marked(const read::Owners& owners, const Group& group);
  // Whether blocks of both refer to one another, and nothing to either.
  bool are_ring(size_t mostly, size_t other) const;
  // Whether both hang on the same objects of a group, for the most part: that has small things of
  // others' beside them, and a variable's own list may be one of those.
  bool meet_in(size_t a, size_t b, size_t group) const;
  // Whether most of what hangs on the other does so by a runtime's objects.
  bool is_below_objects(size_t group, size_t other) const;
  // Whether nearly all of a group hangs on another one; if on objects, most of that hangs on the
  // same ones.
  bool hangs_on(size_t group, size_t other) const {
    return kept_[group].hangs_on(other) && is_by_its_own(group, other);
  }
  // Whether most of a group was forgotten along with blocks of another, and not the other way
  // round.
  bool went_with(size_t group, size_t other) const;
  // The same of some stacks of the group, which hang on the other nearly whole and are half of the
  // group or more, and beside which others lie by themselves.
  bool mostly_went_with(size_t group, size_t other) const;
  // Whether two thirds or more of what is kept of some groups together hang on blocks of others.
  bool mostly_hang(const std::vector<size_t>& groups, const std::vector<size_t>& others) const;

 private:
  bool is_by_its_own(size_t group, size_t other) const {
    return !is_below_objects(group, other) || meet_in(group, other, other);
  }
  void add(const read::OwnersRow& row);
  void add_lost(const read::OwnersRow& row, size_t own);
  void add(const read::OwnersShare& share, size_t own, std::vector<uint64_t>& hanging);
  void add_objects(const read::OwnersShare& share, uint32_t stack, Kept& kept);
  const read::OwnersRoot& root_of(uint32_t path) const;
  bool is_garbage(uint32_t path) const;
  bool is_runtimes(uint32_t path) const;
  void add_limited(const read::OwnersShare& share, Kept& kept) const;

  const read::Owners& owners_;
  const std::vector<bool>& runtimes_own_;
  std::unordered_map<uint32_t, size_t> group_of_;  // by a stack's id
  std::unordered_map<uint32_t, size_t> index_of_;  // into the recording's stacks, as well
  std::unordered_set<uint32_t> objects_;           // stacks that make objects of a runtime
  std::vector<Kept> kept_;
  std::vector<size_t> keepers_;
  std::unordered_map<size_t, uint32_t> outermost_;
};

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_KEPT_H_
