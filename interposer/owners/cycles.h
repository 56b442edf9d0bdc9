// SPDX-License-Identifier: Apache-2.0
//
// Objects that only refer to one another, which a runtime's collector has not come to, told apart
// from those that something else still counts a reference to. For runtimes that count references:
// as their collector does it, from each object's count those are taken off that come from objects
// which no variable leads to either. What has some left is held from elsewhere (by C code that did
// not give a reference back, or by something that silt cannot look at), and so is all that it leads
// to. The rest is garbage. In the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_CYCLES_H_
#define SILT_INTERPOSER_OWNERS_CYCLES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/owners/block_index.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"
#include "interposer/owners/object_kinds.h"

namespace silt::owners {

class Cycles {
 public:
  Cycles(const BlockIndex& objects, const MemoryMap& memory, Marker& marker)
      : objects_(objects), memory_(memory), marker_(marker) {}

  // Among what has not been reached so far. False when there was no memory.
  bool find();
  uint64_t objects() const { return garbage_; }
  // They and what only they keep are reached from this root.
  void mark(PathId root);

 private:
  // Of an object that nothing has reached: references that are not explained, and what it is.
  //   count (26 bits) | used | held | told | object | head / 16 (2 bits)
  enum : uint32_t {
    kHead = 3,  // where it begins in its block, in steps of 16 bytes
    kObject = 1 << 2,
    kTold = 1 << 3,  // data of an object that has told all of it: its words mean nothing
    kHeld = 1 << 4,
    kUsed = 1 << 5,  // data that something of these points to
    kReference = 1 << 6,
  };

  bool unreached(const LiveBlock& block) const { return marker_.path_of_object(block.number) == 0; }
  template <typename Visit>
  void visit_unreached(Visit&& visit);
  // Of the block's own words, [begin, end).
  template <typename Visit>
  void visit_words(const LiveBlock& block, uint64_t begin, uint64_t end, Visit&& visit);
  void refer(uint64_t address);
  void tell_data(uint64_t data);
  void hold(uint64_t address);
  void hold_block(const LiveBlock& block);
  void follow_held(const LiveBlock& block);

  const BlockIndex& objects_;
  const MemoryMap& memory_;
  Marker& marker_;
  uint32_t* states_ = nullptr;   // by number
  uint64_t* waiting_ = nullptr;  // begins of blocks whose words are still to be looked at
  size_t waiting_count_ = 0;
  uint64_t garbage_ = 0;
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_CYCLES_H_
