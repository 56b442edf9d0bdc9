// SPDX-License-Identifier: Apache-2.0
//
// How blocks are reached, as far as people can use it: not the chain of blocks but that of the
// stacks that made them, and what was made at one stack and is reached through more of the same (a
// list, a tree) as one step. A path is a node of a tree: (its parent, a root or a stack). What a
// runtime knows of its own objects comes to it: the type, and the name under which the object is
// kept. Paths count the blocks that are reached by them, so no block needs to remember more than
// its path. In the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_PATH_TREE_H_
#define SILT_INTERPOSER_OWNERS_PATH_TREE_H_

#include <cstdint>

#include "interposer/format/owners.h"
#include "interposer/owners/labels.h"
#include "interposer/track/ids.h"

namespace silt::owners {

using PathId = uint32_t;  // 0: none

// What a runtime says of an object beside the stack that made it.
struct Label {
  LabelId type = 0;  // 0: no object, or nothing is known of it
  LabelId name = 0;  // of the variable that keeps it; 0: none
  LabelId more = 0;  // the type with what is particular about this object; 0: nothing is
  bool operator==(const Label&) const = default;
};

class PathTree {
 public:
  struct Path {
    PathId parent;   // 0: a root
    uint32_t what;   // of a root: its index; else the stack
    uint16_t depth;  // 0: a root
    uint16_t run;    // 1: more of the same stack and type were reached through it
    Label label;
    uint64_t blocks;  // that end this path
    uint64_t bytes;
  };

  // False when there was no memory.
  bool start();

  // A root's path; 0 when there is no room. The caller sees to it that each is added once.
  PathId add_root(const format::OwnersRoot& root, LabelId name = 0);
  // The path of a block made at `stack` that one of `parent` points to. Where there is no room for
  // a new one: that of the stack without its way, and the tree is `full`.
  PathId step(PathId parent, track::StackId stack, Label label = {});
  void count(PathId path, uint64_t bytes) {
    ++paths_[path].blocks;
    paths_[path].bytes += bytes;
  }

  uint32_t size() const { return path_count_; }  // ids are below it
  const Path& at(PathId path) const { return paths_[path]; }
  uint32_t root_count() const { return root_count_; }
  const format::OwnersRoot& root(uint32_t index) const { return roots_[index]; }
  bool full() const { return full_; }

 private:
  // 2^18 paths of 40 bytes: ten megabytes, touched as they come up. Real programs have some
  // thousands; the rest is for arrays of variables, each a root.
  static constexpr uint32_t kPaths = uint32_t{1} << 18;
  static constexpr uint32_t kRoots = 3 * (uint32_t{1} << 15);
  static constexpr uint32_t kSlots = kPaths * 2;
  // The last eighth is for stacks without a way.
  static constexpr uint32_t kPathsWithWay = kPaths / 8 * 7;
  // A chain of so many different stacks tells nobody anything more.
  static constexpr uint32_t kDeepest = 24;

  PathId find_or_add(PathId parent, uint32_t stack, Label label, uint32_t most);

  Path* paths_ = nullptr;
  uint32_t path_count_ = 1;
  format::OwnersRoot* roots_ = nullptr;
  uint32_t root_count_ = 0;
  uint32_t* slots_ = nullptr;
  PathId unlisted_ = 0;
  bool full_ = false;
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_PATH_TREE_H_
