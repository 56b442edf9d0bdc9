// SPDX-License-Identifier: Apache-2.0
//
// A heap in slow motion; see the header.

#include "test/symbolizer/analyze/simulated_heap.h"

#include <algorithm>

namespace silt::test {

SimulatedHeap::SimulatedHeap(size_t stacks, unsigned seed)
    : blocks_(stacks), allocated_(stacks), random_(seed) {
  recording_.nodes.resize(1);
  for (size_t i = 0; i < stacks; ++i) {
    recording_.nodes.push_back({read::kRootNode, 0x10000 + 16 * i});
    read::Stack stack;
    const auto number = static_cast<uint32_t>(i + 1);
    stack.leaf = read::NodeId{number};
    stack.id = read::StackId{number};
    recording_.stacks.push_back(stack);
  }
}

void SimulatedHeap::allocate(size_t blocks, uint64_t size_bytes, size_t stack) {
  const auto sequence = static_cast<uint32_t>(recording_.snapshots.size());
  for (size_t i = 0; i < blocks; ++i) blocks_[stack].push_back({sequence, size_bytes});
  allocated_[stack].blocks += blocks;
  allocated_[stack].bytes += blocks * size_bytes;
}

void SimulatedHeap::free_oldest(size_t blocks, size_t stack) {
  for (; blocks > 0 && !blocks_[stack].empty(); --blocks) blocks_[stack].pop_front();
}

void SimulatedHeap::free_newest(size_t blocks, size_t stack) {
  for (; blocks > 0 && !blocks_[stack].empty(); --blocks) blocks_[stack].pop_back();
}

void SimulatedHeap::free_random(size_t blocks, size_t stack) {
  for (; blocks > 0 && !blocks_[stack].empty(); --blocks) {
    std::deque<Block>& live = blocks_[stack];
    live.erase(live.begin() + static_cast<ptrdiff_t>(random_() % live.size()));
  }
}

void SimulatedHeap::free_of_age(size_t snapshots, size_t blocks, size_t stack) {
  const size_t now = recording_.snapshots.size();
  std::deque<Block>& live = blocks_[stack];
  for (size_t i = live.size(); i-- > 0 && blocks > 0;) {
    if (live[i].born + snapshots != now) continue;
    live.erase(live.begin() + static_cast<ptrdiff_t>(i));
    --blocks;
  }
}

void SimulatedHeap::free_all(size_t stack) { blocks_[stack].clear(); }

void SimulatedHeap::snapshot(double seconds, format::Trigger trigger) {
  elapsed_ += seconds;
  const size_t index = recording_.snapshots.size();
  read::Snapshot snapshot;
  snapshot.meta.sequence = static_cast<uint32_t>(index);
  snapshot.meta.trigger = static_cast<uint32_t>(trigger);
  snapshot.meta.elapsed_ns = static_cast<uint64_t>(elapsed_ * 1e9);
  snapshot.meta.native.allocated_blocks = other_;
  snapshot.costs.resize(format::kCostCount + 1);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    read::Sample sample;
    sample.snapshot = static_cast<uint32_t>(index);
    sample.allocated_blocks = allocated_[i].blocks;
    sample.allocated_bytes = allocated_[i].bytes;
    std::map<uint8_t, read::GenerationCount> generations;
    for (const Block& block : blocks_[i]) {
      const auto code = static_cast<uint8_t>(format::generation_code(block.born));
      read::GenerationCount& generation = generations[code];
      generation.code = code;
      ++generation.blocks;
      generation.bytes += block.size;
      ++sample.live_blocks;
      sample.live_bytes += block.size;
    }
    for (const auto& [code, generation] : generations) sample.generations.push_back(generation);
    snapshot.meta.native.allocated_blocks += sample.allocated_blocks;
    snapshot.meta.native.allocated_bytes += sample.allocated_bytes;
    snapshot.meta.native.live_blocks += sample.live_blocks;
    snapshot.meta.native.live_bytes += sample.live_bytes;
    if (sample.allocated_blocks > 0) recording_.stacks[i].samples.push_back(sample);
  }
  recording_.snapshots.push_back(snapshot);
}

analyze::Judgement SimulatedHeap::judged(size_t stack) const {
  const analyze::Timeline timeline = analyze::make_timeline(recording_);
  return analyze::judge(timeline, analyze::make_series(timeline, recording_.stacks[stack]));
}

}  // namespace silt::test
