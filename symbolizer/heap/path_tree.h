// SPDX-License-Identifier: Apache-2.0
//
// Paths from the roots with what only repeats collapsed: every entry of an array or a Map is one
// step, and so is a list or a tree whose nodes lead to one another, however long. Objects on one
// such path have one owner in a person's eyes. As in LeakCanary's shark.
//
// The steps make a tree; a PathId is one of its nodes, the same for all snapshots.

#ifndef SILT_SYMBOLIZER_HEAP_PATH_TREE_H_
#define SILT_SYMBOLIZER_HEAP_PATH_TREE_H_

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "symbolizer/heap/naming.h"

namespace silt::heap {

using PathId = uint32_t;

class PathTree {
 public:
  struct Step {
    PathId parent;
    WordId label;  // of the reference
    WordId cls;    // of what it leads to
  };

  PathTree() { steps_.push_back({kNone, kNone, kNone}); }

  static constexpr PathId kRootPath = 0;
  // The path one step on. A step like one of the last few is that one again: the nodes of a linked
  // list, and the two sides of a tree, are one step each.
  PathId child(PathId parent, WordId label, WordId cls);
  const Step& operator[](PathId path) const { return steps_[path]; }
  size_t size() const { return steps_.size(); }

  // How far up a step may repeat: a list through "node → next → node" has two steps in a round, a
  // tree of left and right sides two, one whose nodes hold a Map of nodes three.
  static constexpr int kLongestRound = 4;

 private:
  struct Hash {
    size_t operator()(const Step& step) const;
  };
  struct Same {
    bool operator()(const Step& a, const Step& b) const {
      return a.parent == b.parent && a.label == b.label && a.cls == b.cls;
    }
  };

  std::vector<Step> steps_;
  std::unordered_map<Step, PathId, Hash, Same> ids_;
  Step last_{kNone, kNone, kNone};  // siblings mostly come one after the other
  PathId last_id_ = 0;
};

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_PATH_TREE_H_
