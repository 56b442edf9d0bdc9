// SPDX-License-Identifier: Apache-2.0
//
// The walk along a stack.

#include "symbolizer/read/stack_nodes.h"

#include <catch2/catch.hpp>
#include <vector>

#include "test/symbolizer/snapshot_writer.h"

namespace silt::read {
namespace {

constexpr auto kTruncated = static_cast<uint64_t>(format::Marker::kTruncated);

std::vector<uint32_t> walked(const Recording& recording, uint32_t leaf) {
  Stack stack;
  stack.leaf = NodeId{leaf};
  std::vector<uint32_t> nodes;
  for (const NodeId node : StackNodes(recording, stack)) nodes.push_back(number_of(node));
  return nodes;
}

TEST_CASE("a walk goes from the innermost call to the outermost") {
  Recording recording;
  recording.nodes =
      test::NodeTable{{0, 0, 0}, {0, 0x5000, 1}, {1, 0x6000, 2}, {2, 0x7000, 3}, {1, 0x8000, 4}};
  CHECK(walked(recording, 3) == std::vector<uint32_t>{3, 2, 1});
  CHECK(walked(recording, 4) == std::vector<uint32_t>{4, 1});
  CHECK(walked(recording, 0).empty());
}

TEST_CASE("markers are no calls, wherever they stand") {
  Recording recording;
  recording.nodes = test::NodeTable{{0, 0, 0},          {0, kTruncated, 1}, {1, 0x6000, 2},
                                    {2, kTruncated, 3}, {3, 0x7000, 4},     {4, kTruncated, 5}};
  CHECK(walked(recording, 5) == std::vector<uint32_t>{4, 2});
  CHECK(walked(recording, 1).empty());
  CHECK(is_call(recording, NodeId{2}));
  CHECK_FALSE(is_call(recording, NodeId{1}));
  CHECK_FALSE(is_call(recording, NodeId{0}));
}

}  // namespace
}  // namespace silt::read
