// SPDX-License-Identifier: Apache-2.0
//
// See cycles.h.

#include "interposer/owners/cycles.h"

#include "interposer/base/memory.h"

namespace silt::owners {
namespace {

// More references than this are as good as for ever.
constexpr uint64_t kMostReferences = (uint64_t{1} << 26) - 1;

}  // namespace

template <typename Visit>
void Cycles::visit_unreached(Visit&& visit) {
  objects_.visit([&](const LiveBlock& block) {
    if (unreached(block)) visit(block, states_[block.number]);
  });
}

template <typename Visit>
void Cycles::visit_words(const LiveBlock& block, uint64_t begin, uint64_t end, Visit&& visit) {
  const uint64_t first = (block.begin + begin + 7) & ~uint64_t{7};
  const uint64_t last = (block.begin + (end < block.size ? end : block.size)) & ~uint64_t{7};
  if (begin >= end || first >= last || !memory_.readable(first, last)) return;
  for (uint64_t at = first; at < last; at += 8) {
    const uint64_t word = *reinterpret_cast<const uint64_t*>(at);
    if (objects_.may_hold(word)) visit(word);
  }
}

// A reference is the address of an object, neither of its block nor of a part of it. Data counts
// with what points into it: memory that an object has besides.
void Cycles::refer(uint64_t address) {
  LiveBlock block;
  if (!objects_.may_hold(address) || !objects_.find(address, &block) || !unreached(block)) return;
  uint32_t& state = states_[block.number];
  if ((state & kObject) == 0) {
    if ((state & kUsed) != 0) return;
    state |= kUsed;
    waiting_[waiting_count_++] = block.begin;
  } else if (state >= kReference && address == block.begin + uint64_t{state & kHead} * 16) {
    state -= kReference;
  }
}

void Cycles::tell_data(uint64_t data) {
  LiveBlock block;
  if (!objects_.may_hold(data) || !objects_.find(data, &block) || !unreached(block)) return;
  uint32_t& state = states_[block.number];
  if ((state & kObject) == 0) state |= kTold;
}

void Cycles::hold_block(const LiveBlock& block) {
  states_[block.number] |= kHeld;
  waiting_[waiting_count_++] = block.begin;
}

void Cycles::hold(uint64_t address) {
  LiveBlock block;
  if (!objects_.may_hold(address) || !objects_.find(address, &block) || !unreached(block) ||
      (states_[block.number] & kHeld) != 0) {
    return;
  }
  hold_block(block);
}

void Cycles::follow_held(const LiveBlock& block) {
  const uint32_t state = states_[block.number];
  const auto hold_word = [this](uint64_t word) { hold(word); };
  if ((state & kObject) == 0) {
    if ((state & kTold) == 0) visit_words(block, 0, block.size, hold_word);
    return;
  }
  const Kept kept{
      [](void* to, uint64_t address, LabelId) { static_cast<Cycles*>(to)->hold(address); },
      [](void* to, uint64_t data, LabelId) { static_cast<Cycles*>(to)->hold(data); }, this};
  const ObjectKinds::Words rest = object_kinds.visit(block, kept);
  visit_words(block, rest.begin, rest.end, hold_word);
}

bool Cycles::find() {
  if (object_kinds.counted == nullptr) return true;
  states_ =
      static_cast<uint32_t*>(base::map_memory((size_t{objects_.numbers()} + 1) * sizeof(uint32_t)));
  if (states_ == nullptr) return false;
  size_t count = 0;
  visit_unreached([&](const LiveBlock& block, uint32_t& state) {
    ++count;
    const CountedObject object = object_kinds.counted(block);
    if (object.address == 0) return;
    const uint64_t references =
        object.references < kMostReferences ? object.references : kMostReferences;
    state = static_cast<uint32_t>(references) * kReference | kObject |
            (static_cast<uint32_t>((object.address - block.begin) / 16) & kHead);
  });
  if (count == 0) return true;
  waiting_ = static_cast<uint64_t*>(base::map_memory(count * sizeof(uint64_t)));
  if (waiting_ == nullptr) return false;
  const auto refer_word = [this](uint64_t word) { refer(word); };
  visit_unreached([&](const LiveBlock& block, uint32_t& state) {
    // What the collector does not follow keeps what it refers to for ever.
    if ((state & kObject) == 0 || !object_kinds.counted(block).is_collected) return;
    const Kept kept{
        [](void* to, uint64_t address, LabelId) { static_cast<Cycles*>(to)->refer(address); },
        [](void* to, uint64_t data, LabelId) { static_cast<Cycles*>(to)->tell_data(data); }, this,
        true};
    const ObjectKinds::Words rest = object_kinds.visit(block, kept);
    visit_words(block, rest.begin, rest.end, refer_word);
  });
  while (waiting_count_ != 0) {
    LiveBlock data;
    if (objects_.find(waiting_[--waiting_count_], &data) && (states_[data.number] & kTold) == 0) {
      visit_words(data, 0, data.size, refer_word);
    }
  }
  visit_unreached([&](const LiveBlock& block, uint32_t& state) {
    const bool is_held = state >= kReference || (state & (kObject | kTold | kUsed)) == 0;
    if (!is_held || (state & kHeld) != 0) return;
    hold_block(block);
    while (waiting_count_ != 0) {
      LiveBlock held;
      if (objects_.find(waiting_[--waiting_count_], &held)) follow_held(held);
    }
  });
  visit_unreached([&](const LiveBlock&, uint32_t& state) {
    if ((state & (kObject | kHeld)) == kObject) ++garbage_;
  });
  return true;
}

void Cycles::mark(PathId root) {
  // What is held stays when the garbage goes: it is not to be reached from there.
  visit_unreached([&](const LiveBlock& block, uint32_t& state) {
    if ((state & kHeld) != 0) {
      marker_.leave_out(block, root);
    } else if ((state & kObject) != 0) {
      marker_.adopt(block, root);
    }
  });
  marker_.follow();
  objects_.visit([&](const LiveBlock& block) {
    if ((states_[block.number] & kHeld) != 0) marker_.leave_out(block, 0);
  });
}

}  // namespace silt::owners
