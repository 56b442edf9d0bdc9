// SPDX-License-Identifier: Apache-2.0
//
// What grew between two snapshots of one heap, and who keeps it.
//
// An object of the second is new when the first has none of its id. It is kept by its *anchor*: on
// its shortest path the last object that is in both snapshots, or the variable or property of that
// one which leads on to it (`list = list.concat(x)` makes a new Array; the variable is the owner).
// What is gone is taken off its anchor in the same way, so that a full cache, whose entries are all
// new, has not grown. Anchors on one collapsed path are one group: ten thousand sessions of which
// each has a longer list.
//
// Where ids mean nothing, because each snapshot was written by another copy of the process or by
// another process, objects are paired by their paths instead (pairing.h).

#ifndef SILT_SYMBOLIZER_HEAP_GROWTH_H_
#define SILT_SYMBOLIZER_HEAP_GROWTH_H_

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "symbolizer/heap/dominators.h"
#include "symbolizer/heap/graph.h"
#include "symbolizer/heap/naming.h"
#include "symbolizer/heap/path_tree.h"
#include "symbolizer/heap/reach.h"

namespace silt::heap {

// A snapshot with what was found out about it.
struct Heap {
  Graph graph;
  Reach reach;
  Dominators dominators;
};

struct Tally {
  int64_t objects = 0;
  int64_t bytes = 0;
  NodeIndex sample = kNone;  // one of them, in the second snapshot
};

struct Group {
  PathId path = kNone;
  int64_t bytes = 0;
  int64_t objects = 0;
};

struct Growth {
  int64_t bytes = 0;  // of what is kept, all together
  int64_t objects = 0;
  int64_t own_bytes = 0;      // of these, what V8 keeps for itself: compiled code, shapes
  bool by_paths = false;      // ids mean nothing here: objects were paired by where they are
  std::vector<Group> groups;  // largest first; those that shrank are not among them
};

// An anchor in any snapshot of the same process.
struct Anchor {
  NodeIndex node = kNone;    // in the second snapshot
  NodeIndex holder = kNone;  // there too: the object with holder_id
  uint32_t id = 0;           // of the object
  uint32_t holder_id =
      0;  // of the object whose `label` it is, when it may be another one elsewhere
  WordId label = kNone;
};

struct GroupDetail {
  std::vector<Anchor> anchors;
  NodeIndex largest = kNone;        // in the second: the anchor that retains most
  std::map<WordId, Tally> kinds;    // everything that came, less what went, by class
  std::map<WordId, Tally> entries;  // the same of what is directly below the anchors
};

// Whether it may own: values are parts of what holds them.
bool may_own(const Graph& graph, NodeIndex node);

class GrowthFinder {
 public:
  GrowthFinder(const Heap& first, const Heap& second, Words& words);

  const Growth& growth() const { return growth_; }
  // One more look at both heaps, for as many groups as are to be shown.
  std::vector<GroupDetail> detail(size_t groups);
  // For each object of the second the same one of the first, or kNone.
  const std::vector<NodeIndex>& others() const { return in_second_.other; }

 private:
  struct Marks {
    std::vector<NodeIndex> other;   // the same object in the other heap
    std::vector<NodeIndex> anchor;  // in the second heap, if it is there
    std::vector<PathId> group;      // of what came or went; kOld of what stayed
    std::vector<uint8_t> level;  // of what came or went: how many visible objects below its anchor
  };

  void match();
  bool match_ids();
  void mark_second();
  void mark_first();
  void add(PathId group, int64_t objects, int64_t bytes);
  void follow_ways();
  void move_below(PathId from, NodeIndex anchor);
  void sort_groups();

  const Heap& first_;
  const Heap& second_;
  Words& words_;
  Naming first_names_;
  Naming second_names_;
  PathTree paths_;
  std::vector<PathId> path_of_;  // of each object of the second
  Marks in_first_, in_second_;
  std::unordered_map<PathId, Group> sums_;
  Growth growth_;
};

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_GROWTH_H_
