// SPDX-License-Identifier: Apache-2.0
//
// See lost_blocks.h.

#include "interposer/owners/lost_blocks.h"

#include <cstddef>
#include <cstdint>

#include "interposer/base/memory.h"

namespace silt::owners {
namespace {

class Lost {
 public:
  Lost(const BlockIndex& blocks, const MemoryMap& memory, Marker& marker, PathId root)
      : blocks_(blocks), memory_(memory), marker_(marker), root_(root) {}

  bool mark() {
    uint64_t* const pointed_to = map_bits();
    if (pointed_to == nullptr) return false;
    visit_left([&](const LiveBlock& block) {
      visit_targets(block, [&](const LiveBlock& target) { set(pointed_to, target.number); });
    });
    visit_left([&](const LiveBlock& block) {
      if (!is_set(pointed_to, block.number)) marker_.adopt_block(block, root_);
    });
    marker_.follow();
    return mark_circles();
  }

 private:
  static bool is_set(const uint64_t* bits, uint32_t number) {
    return (bits[number / 64] >> number % 64 & 1) != 0;
  }
  static void set(uint64_t* bits, uint32_t number) {
    bits[number / 64] |= uint64_t{1} << number % 64;
  }
  uint64_t* map_bits() const {
    return static_cast<uint64_t*>(
        base::map_memory((blocks_.numbers() / 64 + 1) * sizeof(uint64_t)));
  }

  template <typename Visit>
  void visit_left(Visit&& visit) const {
    blocks_.visit([&](const LiveBlock& block) {
      if (!marker_.reached(block.number)) visit(block);
    });
  }

  // What it points to that is not reached and not itself.
  template <typename Visit>
  void visit_targets(const LiveBlock& block, Visit&& visit) const {
    const uint64_t first = (block.begin + 7) & ~uint64_t{7};
    const uint64_t end = (block.begin + block.size) & ~uint64_t{7};
    if (first >= end || !memory_.readable(first, end)) return;
    for (uint64_t at = first; at < end; at += sizeof(uint64_t)) {
      const uint64_t word = *reinterpret_cast<const uint64_t*>(at);
      LiveBlock target;
      if (blocks_.may_hold(word) && blocks_.find(word, &target) && target.number != block.number &&
          !marker_.reached(target.number)) {
        visit(target);
      }
    }
  }

  // All that is left hangs on circles. Whoever is taken first may hang on one that comes later; but
  // what none of the later ones leads to is in a circle that nothing leads to.
  bool mark_circles() {
    size_t count = 0;
    visit_left([&](const LiveBlock&) { ++count; });
    if (count == 0) return true;
    uint64_t* const seen = map_bits();
    auto* const firsts = static_cast<uint64_t*>(base::map_memory(count * sizeof(uint64_t)));
    auto* const waiting = static_cast<uint64_t*>(base::map_memory(count * sizeof(uint64_t)));
    if (seen == nullptr || firsts == nullptr || waiting == nullptr) return false;
    size_t first_count = 0;
    visit_left([&](const LiveBlock& block) {
      if (is_set(seen, block.number)) return;
      set(seen, block.number);
      firsts[first_count++] = block.begin;
      size_t waiting_count = 0;
      waiting[waiting_count++] = block.begin;
      while (waiting_count != 0) {
        LiveBlock next;
        if (!blocks_.find(waiting[--waiting_count], &next)) continue;
        visit_targets(next, [&](const LiveBlock& target) {
          if (is_set(seen, target.number)) return;
          set(seen, target.number);
          waiting[waiting_count++] = target.begin;
        });
      }
    });
    while (first_count != 0) {
      LiveBlock block;
      if (!blocks_.find(firsts[--first_count], &block) || marker_.reached(block.number)) continue;
      marker_.adopt_block(block, root_);
      marker_.follow();
    }
    return true;
  }

  const BlockIndex& blocks_;
  const MemoryMap& memory_;
  Marker& marker_;
  const PathId root_;
};

}  // namespace

bool mark_lost_blocks(const BlockIndex& blocks, const MemoryMap& memory, Marker& marker,
                      PathId root) {
  return Lost(blocks, memory, marker, root).mark();
}

}  // namespace silt::owners
