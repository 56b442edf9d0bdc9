// SPDX-License-Identifier: Apache-2.0
//
// Snapshot by snapshot: first the stacks that it has not any more find who counts for them now,
// then each stack's figures are mended.

#include "symbolizer/read/unfold.h"

#include <cstddef>

namespace silt::read {
namespace {

struct Allocated {
  uint64_t blocks = 0;
  uint64_t bytes = 0;

  bool operator==(const Allocated&) const = default;
  bool holds(const Allocated& other) const {
    return blocks >= other.blocks && bytes >= other.bytes;
  }
  Allocated operator+(const Allocated& other) const {
    return {blocks + other.blocks, bytes + other.bytes};
  }
  Allocated operator-(const Allocated& other) const {
    return {blocks - other.blocks, bytes - other.bytes};
  }
};

struct State {
  size_t next = 0;   // of the stack's samples
  Allocated told;    // what the last of them said
  Allocated others;  // of that, what stacks that are folded away had allocated
  Allocated own;     // from before it was itself folded away
};

Allocated told_by(const Sample& sample) {
  return {sample.allocated_blocks, sample.allocated_bytes};
}

}  // namespace

void unfold(std::vector<Stack>& stacks, const std::vector<bool>& numbered_anew,
            const NextCaller& next_caller) {
  std::vector<State> states(stacks.size());
  // By snapshot: the stacks that it has, and those that only the one before has.
  std::vector<std::vector<uint32_t>> present(numbered_anew.size());
  std::vector<std::vector<uint32_t>> gone(numbered_anew.size());
  bool any = false;
  for (uint32_t i = 0; i < stacks.size(); ++i) {
    const std::vector<Sample>& samples = stacks[i].samples;
    for (size_t at = 0; at < samples.size(); ++at) {
      const uint32_t after = samples[at].snapshot + 1;
      if (after >= numbered_anew.size() || !numbered_anew[after]) continue;
      if (at + 1 < samples.size() && samples[at + 1].snapshot == after) continue;
      gone[after].push_back(i);
      any = true;
    }
  }
  if (!any) return;
  for (uint32_t i = 0; i < stacks.size(); ++i) {
    for (const Sample& sample : stacks[i].samples) present[sample.snapshot].push_back(i);
  }

  for (uint32_t snapshot = 0; snapshot < numbered_anew.size(); ++snapshot) {
    for (const uint32_t i : gone[snapshot]) {
      State& state = states[i];
      uint32_t position = 0;
      for (uint32_t to = next_caller(stacks[i], &position); to != UINT32_MAX;
           to = next_caller(stacks[i], &position)) {
        State& caller = states[to];
        const std::vector<Sample>& samples = stacks[to].samples;
        if (caller.next >= samples.size() || samples[caller.next].snapshot != snapshot) continue;
        // One that has come back since does not count for anybody yet.
        const Allocated now = told_by(samples[caller.next]);
        if (!now.holds(caller.others) || !(now - caller.others).holds(state.told)) continue;
        caller.others = caller.others + state.told;
        break;
      }
      state.own = state.own + (state.told - state.others);
      state.told = state.others = {};
    }
    for (const uint32_t i : present[snapshot]) {
      State& state = states[i];
      Sample& sample = stacks[i].samples[state.next++];
      state.told = told_by(sample);
      if (!state.told.holds(state.others)) state.others = {};
      const Allocated all = state.own + (state.told - state.others);
      sample.allocated_blocks = all.blocks;
      sample.allocated_bytes = all.bytes;
    }
  }
}

}  // namespace silt::read
