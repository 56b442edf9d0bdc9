// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/read/node_index.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <tuple>

namespace silt::read {
namespace {

NodeKey key(uint32_t parent, uint32_t module, uint64_t pc) { return {NodeId{parent}, module, pc}; }

TEST_CASE("an empty index has no node") {
  CHECK(NodeIndex().find(key(0, 0, 4096)) == NodeId{0});
  NodeIndex reserved;
  reserved.reserve(5000);
  CHECK(reserved.find(key(0, 0, 4096)) == NodeId{0});
}

TEST_CASE("a node keeps the id it was first added with, and each part of its key counts") {
  NodeIndex index;
  CHECK(index.add(key(1, 2, 3), NodeId{7}) == NodeId{7});
  CHECK(index.add(key(1, 2, 3), NodeId{8}) == NodeId{7});
  CHECK(index.add(key(2, 2, 3), NodeId{9}) == NodeId{9});
  CHECK(index.add(key(1, 3, 3), NodeId{10}) == NodeId{10});
  CHECK(index.add(key(1, 2, 4), NodeId{11}) == NodeId{11});
  CHECK(index.find(key(1, 2, 3)) == NodeId{7});
  CHECK(index.find(key(1, 2, 5)) == NodeId{0});
}

TEST_CASE("what was cleared is gone, and comes again") {
  NodeIndex index;
  for (uint32_t id = 1; id < 3000; ++id) index.add(key(id, 0, 4096), NodeId{id});
  index.clear();
  CHECK(index.find(key(5, 0, 4096)) == NodeId{0});
  CHECK(index.add(key(5, 0, 4096), NodeId{77}) == NodeId{77});
}

TEST_CASE("however many nodes come, with room made before or not, each is found") {
  std::mt19937_64 random(3);
  std::map<std::tuple<uint32_t, uint32_t, uint64_t>, uint32_t> known;
  NodeIndex index;
  for (uint32_t id = 1; id < 60'000; ++id) {
    if (id == 20'000) index.reserve(50'000);
    if (id == 30'000) index.reserve(10);
    const auto parent = static_cast<uint32_t>(random() % 300);
    const auto module = static_cast<uint32_t>(random() % 2);
    const uint64_t pc = 0x5555'0000'0000 + random() % 100 * 16;
    const auto [at, added] = known.try_emplace({parent, module, pc}, id);
    REQUIRE(index.add(key(parent, module, pc), NodeId{id}) == NodeId{at->second});
  }
  for (const auto& [parts, id] : known) {
    REQUIRE(index.find(std::apply(key, parts)) == NodeId{id});
  }
  CHECK(index.find(key(1000, 0, 0x5555'0000'0000)) == NodeId{0});
}

}  // namespace
}  // namespace silt::read
