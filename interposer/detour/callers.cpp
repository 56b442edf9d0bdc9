// SPDX-License-Identifier: Apache-2.0
//
// See callers.h. Normal context.

#include "interposer/detour/callers.h"

#include <cstddef>

namespace silt::detour {
namespace {

// Places to read on from, each once.
class Places {
 public:
  // False when there is no room.
  bool add(uint64_t address) {
    size_t at = (address * 0x9e3779b97f4a7c15) >> (64 - kBits);
    for (; known_[at] != 0; at = (at + 1) % kRoom) {
      if (known_[at] == address) return true;
    }
    if (count_ == kRoom / 2) return false;
    known_[at] = address;
    order_[count_++] = address;
    return true;
  }
  bool has(uint64_t address) const {
    size_t at = (address * 0x9e3779b97f4a7c15) >> (64 - kBits);
    for (; known_[at] != 0; at = (at + 1) % kRoom) {
      if (known_[at] == address) return true;
    }
    return false;
  }
  bool next(uint64_t* address) {
    if (taken_ == count_) return false;
    *address = order_[taken_++];
    return true;
  }

 private:
  static constexpr unsigned kBits = 11;
  static constexpr size_t kRoom = size_t{1} << kBits;
  uint64_t known_[kRoom] = {};
  uint64_t order_[kRoom / 2];
  size_t count_ = 0;
  size_t taken_ = 0;
};

bool is_call_of_unknown(const Instruction& here) {
  if (here.way == Way::kCall) return here.target == 0;
  // Through memory beside the code: the linker's way to another file's function, or a pointer.
  return here.way == Way::kLeave && here.displacement_at != 0;
}

}  // namespace

bool calls_the_unknown(const Decoder& decoder, const Code& text, uint64_t address) {
  constexpr size_t kMostInstructions = 16384;
  Places places;
  places.add(address);
  uint64_t start = 0;
  for (size_t count = 0; places.next(&start);) {
    for (uint64_t at = start; at - text.address < text.size;) {
      const uint64_t offset = at - text.address;
      Instruction here;
      if (++count > kMostInstructions ||
          !decoder.decode(text.bytes + offset, text.size - offset, at, &here)) {
        break;
      }
      if (is_call_of_unknown(here)) return true;
      if (here.target != 0 && !places.add(here.target)) return false;
      if (here.way == Way::kJump || here.way == Way::kLeave) break;
      at += here.length;
      if (places.has(at)) break;
    }
    if (count > kMostInstructions) return false;
  }
  return false;
}

}  // namespace silt::detour
