// SPDX-License-Identifier: Apache-2.0
//
// See kept_stacks.h.

#include "interposer/track/kept_stacks.h"

#include "interposer/track/recorder.h"

namespace silt::track {
namespace {

uint32_t mark_of_count(uint64_t blocks) {
  const uint32_t mark = static_cast<uint32_t>(blocks) + 1;
  return mark == 0 ? 1 : mark;
}

}  // namespace

void KeptStacks::begin_round(uint32_t limit) {
  limit_ = limit;
  live_bytes_ = 0;
  cursor_ = {};
}

bool KeptStacks::is_kept(NodeId id) {
  const uint64_t* const word = kept_.find(index_of(id) / 64);
  return index_of(id) >= limit_ || word == nullptr || (*word >> index_of(id) % 64 & 1) != 0;
}

void KeptStacks::keep(NodeId id) {
  uint64_t* const word = kept_.find(index_of(id) / 64);
  if (index_of(id) < limit_ && word != nullptr) *word |= uint64_t{1} << index_of(id) % 64;
}

bool KeptStacks::is_restored(NodeId id) {
  const std::atomic<uint64_t>* const word = restored_.find(index_of(id) / 64);
  // Where there was no memory for it nothing is known.
  return word == nullptr || (word->load(std::memory_order_acquire) >> index_of(id) % 64 & 1) != 0;
}

bool KeptStacks::is_in_use_again(NodeId id, uint64_t blocks) {
  const uint32_t* const counted = counted_.find(index_of(id));
  return counted == nullptr || *counted != mark_of_count(blocks) || is_restored(id);
}

bool KeptStacks::count(FoldingPace& pace, bool settled) {
  Counters::Reader reader(recorder.counters);
  return pace.visit_ids(limit_, [&](NodeId id) {
    const uint32_t index = index_of(id);
    if (index == 1 || index % 64 == 0) {
      uint64_t* const word = kept_.ensure(index / 64);
      if (word != nullptr) *word = 0;
      std::atomic<uint64_t>* const restored = restored_.ensure(index / 64);
      if (restored != nullptr) restored->store(0, std::memory_order_relaxed);
    }
    NodeId parent;
    uint64_t pc;
    uint32_t* const counted = counted_.ensure(index);
    if (!recorder.stacks.read_node(id, &parent, &pc) || counted == nullptr) return keep(id);
    const uint32_t now = mark_of_count(reader.read(stack_at(id)).blocks);
    // Outermost frames have no caller to hand on to; there are few of them. (A runtime's blocks
    // that were made outside of its functions have each native stack.)
    const bool outermost = parent == kRoot && !(is_pair(pc) && native_of(pc) != kNoStack);
    if (*counted != now || outermost || !settled) keep(id);
    *counted = now;
  });
}

void KeptStacks::note_live(StackId stack, uint64_t bytes) {
  keep(innermost_of(stack));
  live_bytes_ += bytes;
}

bool KeptStacks::scan(FoldingPace& pace, LiveTable& live) {
  const bool done = live.scan_from(
      &cursor_, [&](const Block& block) { note_live(block.stack, block.size_bytes); },
      [&] { return pace.slice_is_over(); });
  if (done) cursor_ = {};
  return done;
}

void KeptStacks::scan_others() {
  if (recorder.sampled.in_use()) {
    recorder.sampled.scan([&](const SampledBlock& block) {
      note_live(block.stack, block.weight * block.size_bytes);
    });
  }
  const base::SpinGuard guard(recorder.mappings.lock());
  recorder.mappings.scan(0, [this](const MappingRange& range) {
    note_live(range.stack, range.end - range.start);
    return true;
  });
}

void KeptStacks::keep_callers(NodeId id) {
  for (;;) {
    NodeId caller;
    uint64_t pc;
    recorder.stacks.read_node(id, &caller, &pc);
    const NodeId native = is_pair(pc) ? innermost_of(native_of(pc)) : kRoot;
    if (native != kRoot && !is_kept(native)) {
      keep(native);
      keep_callers(native);  // none of which refers to another
    }
    if (caller == kRoot || is_kept(caller)) return;
    keep(caller);
    id = caller;
  }
}

bool KeptStacks::mark(FoldingPace& pace) {
  return pace.visit_ids(limit_, [&](NodeId id) {
    if (is_kept(id)) keep_callers(id);
  });
}

}  // namespace silt::track
