// SPDX-License-Identifier: Apache-2.0
//
// Finds out which live blocks can be reached. Every aligned word that falls into a live block,
// wherever in it, is taken for a pointer (hidden ones are not seen: compressed, masked, held by the
// kernel). Breadth first, so that a block's path is a shortest one. What it takes: four bytes a
// block for its path, and two queues of fixed size; a level that outgrows them goes on in a bitmap,
// which is read in the order of addresses.
//
// Objects of a runtime's allocator are marked with them where the runtime can tell what they keep
// (object_kinds.h): by all words of theirs but those that it knows better, with types and names. In
// the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_MARKER_H_
#define SILT_INTERPOSER_OWNERS_MARKER_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/owners/block_index.h"
#include "interposer/owners/memory_map.h"
#include "interposer/owners/object_kinds.h"
#include "interposer/owners/path_tree.h"
#include "interposer/owners/thread_frames.h"

namespace silt::owners {

class Marker {
 public:
  Marker(const BlockIndex& blocks, const MemoryMap& memory, PathTree& paths)
      : blocks_(blocks), memory_(memory), paths_(paths) {}

  // With objects of a runtime whose kinds are known, or nullptr. False when there was no memory.
  bool start(const BlockIndex* objects = nullptr);

  // A place that is no block, or many that count as one.
  struct RootPlace {
    format::RootKind kind;
    uint32_t place = 0;
    uint64_t offset_base = 0;              // 0: offsets mean nothing here
    bool begins_only = false;              // just the begin of a block counts
    PathId* shared = nullptr;              // all words are one root, kept here; 0: not added yet
    bool no_objects = false;               // what it points to is not kept by it if it is an object
    const ThreadFrames* frames = nullptr;  // of the stack that it is
  };
  // `address` is that of the first word in the process; the words may be a copy of them.
  void roots(const RootPlace& place, uint64_t address, const uint64_t* words, size_t count);
  // Takes what variables keep; equal names are one root.
  Kept variables();
  // A place without an address.
  PathId add_root(format::RootKind kind, uint32_t place);
  // An object that is known to be kept in this way, and nothing of what it keeps.
  void adopt(const LiveBlock& object, PathId root);
  // The same of a block that is none.
  void adopt_block(const LiveBlock& block, PathId root);
  // With a path the object counts as reached, but not in it; without one no longer.
  void leave_out(const LiveBlock& object, PathId path) {
    path_of_[object_base_ + object.number] = path;
  }
  // Follows what the roots so far have reached.
  void follow();

  bool reached(uint32_t number) const { return path_of_[number] != 0; }
  // 0: not reached.
  PathId path_of_object(uint32_t number) const { return path_of_[object_base_ + number]; }
  uint64_t root_bytes() const { return root_bytes_; }

 private:
  struct Waiting {  // to be followed
    uint64_t begin;
    uint32_t size;
    PathId path;
  };
  struct Candidate {
    uint64_t value;
    uint64_t address;  // of the word, for a root
    PathId path;       // 0: a root
    LabelId name;
  };
  static constexpr size_t kQueue = size_t{1} << 18;
  static constexpr uint32_t kAsk = UINT32_MAX;  // a size that did not fit, or an object
  static constexpr size_t kRing = 16;           // look-ups under way

  SILT_ALWAYS_INLINE bool may_hold(uint64_t value) const {
    return blocks_.may_hold(value) || (objects_ != nullptr && objects_->may_hold(value));
  }
  SILT_ALWAYS_INLINE void consider(uint64_t value, uint64_t address, PathId path,
                                   LabelId name = 0) {
    if (!may_hold(value)) return;
    consider_slow(value, address, path, name);
  }
  void consider_slow(uint64_t value, uint64_t address, PathId path, LabelId name);
  // With a number that no block and no object shares.
  bool find(uint64_t value, LiveBlock* block, bool* is_object) const;
  PathId mark(const LiveBlock& block, bool is_object, PathId from, LabelId name);
  PathId path_of_variable(LabelId name);
  template <typename Visit>
  void visit_all(Visit&& visit) const;
  void settle(const Candidate& candidate);
  void settle_all();
  PathId path_of_root(uint64_t address);
  void push(const LiveBlock& block, PathId path);
  void follow_block(const LiveBlock& block, PathId path);
  void follow_words(uint64_t begin, uint64_t size, PathId path);

  const BlockIndex& blocks_;
  const BlockIndex* objects_ = nullptr;
  uint32_t object_base_ = 0;  // numbers of objects begin here
  const MemoryMap& memory_;
  PathTree& paths_;
  PathId* path_of_ = nullptr;  // by number; 0: not reached
  Waiting* queues_[2] = {};
  size_t queued_ = 0;  // in the queue of the next level
  uint64_t* bits_[2] = {};
  bool overflowed_ = false;
  unsigned next_ = 0;
  Candidate ring_[kRing]{};
  size_t ring_at_ = 0;
  uint64_t root_bytes_ = 0;

  // The place whose words are being read.
  RootPlace place_{};
  uint64_t page_ = UINT64_MAX;
  uint32_t roots_in_page_ = 0;
  PathId page_root_ = 0;
  PathId* variables_ = nullptr;  // by name
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_MARKER_H_
