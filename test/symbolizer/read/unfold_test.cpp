// SPDX-License-Identifier: Apache-2.0
//
// Stacks that were folded away between snapshots: what they had allocated is told once, at them.

#include "symbolizer/read/unfold.h"

#include <catch2/catch.hpp>
#include <utility>

namespace silt::read {
namespace {

Stack stack_with(std::vector<std::pair<uint32_t, uint64_t>> blocks_by_snapshot) {
  Stack stack;
  for (const auto& [snapshot, blocks] : blocks_by_snapshot) {
    Sample sample;
    sample.snapshot = snapshot;
    sample.allocated_blocks = blocks;
    sample.allocated_bytes = blocks * 10;
    stack.samples.push_back(sample);
  }
  return stack;
}

std::vector<uint64_t> blocks_of(const Stack& stack) {
  std::vector<uint64_t> blocks;
  for (const Sample& sample : stack.samples) {
    blocks.push_back(sample.allocated_blocks);
    CHECK(sample.allocated_bytes == sample.allocated_blocks * 10);
  }
  return blocks;
}

using Blocks = std::vector<uint64_t>;

// Each stack's caller is the one before it.
void unfold_chain(std::vector<Stack>& stacks, const std::vector<bool>& anew) {
  unfold(stacks, anew, [&](const Stack& stack, uint32_t* from) {
    const auto own = static_cast<uint32_t>(&stack - stacks.data());
    return *from >= own ? UINT32_MAX : own - ++*from;
  });
}

}  // namespace

TEST_CASE("what a folded stack had allocated is taken from its caller again") {
  std::vector<Stack> stacks = {stack_with({{0, 5}, {1, 6}, {2, 107}, {3, 108}}),
                               stack_with({{0, 90}, {1, 100}})};
  unfold_chain(stacks, std::vector<bool>(4, true));
  CHECK(blocks_of(stacks[0]) == Blocks{5, 6, 7, 8});
  CHECK(blocks_of(stacks[1]) == Blocks{90, 100});
}

TEST_CASE("a stack that comes back goes on from what it had") {
  std::vector<Stack> stacks = {stack_with({{0, 1}, {1, 101}, {2, 101}, {3, 104}}),
                               stack_with({{0, 100}, {2, 3}})};
  unfold_chain(stacks, std::vector<bool>(4, true));
  CHECK(blocks_of(stacks[0]) == Blocks{1, 1, 1, 1});
  CHECK(blocks_of(stacks[1]) == Blocks{100, 103});
}

TEST_CASE("a caller that is folded itself hands on what it had been given") {
  std::vector<Stack> stacks = {stack_with({{0, 1}, {1, 1}, {2, 151}}),
                               stack_with({{0, 20}, {1, 150}}), stack_with({{0, 130}})};
  unfold_chain(stacks, std::vector<bool>(3, true));
  CHECK(blocks_of(stacks[0]) == Blocks{1, 1, 1});
  CHECK(blocks_of(stacks[1]) == Blocks{20, 20});
  CHECK(blocks_of(stacks[2]) == Blocks{130});
}

TEST_CASE("a caller that was made anew since cannot have been given it: one further out was") {
  std::vector<Stack> stacks = {stack_with({{0, 1}, {1, 101}}), stack_with({{1, 2}}),
                               stack_with({{0, 100}})};
  unfold_chain(stacks, std::vector<bool>(2, true));
  CHECK(blocks_of(stacks[0]) == Blocks{1, 1});
  CHECK(blocks_of(stacks[1]) == Blocks{2});
}

TEST_CASE("a caller that first counts when it is given something begins at nothing") {
  std::vector<Stack> stacks = {stack_with({{1, 100}}), stack_with({{0, 100}})};
  unfold_chain(stacks, std::vector<bool>(2, true));
  CHECK(blocks_of(stacks[0]) == Blocks{0});
  CHECK(blocks_of(stacks[1]) == Blocks{100});
}

TEST_CASE("snapshots whose nodes are numbered for all keep their figures") {
  std::vector<Stack> stacks = {stack_with({{0, 5}, {1, 200}}), stack_with({{0, 90}})};
  unfold_chain(stacks, std::vector<bool>(2, false));
  CHECK(blocks_of(stacks[0]) == Blocks{5, 200});
  CHECK(blocks_of(stacks[1]) == Blocks{90});
}

}  // namespace silt::read
