// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/read/node_index.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <tuple>

namespace silt::read {
namespace {

TEST_CASE("an empty index has no node") {
  CHECK(NodeIndex().find({0, 0, 4096}) == 0);
  NodeIndex reserved;
  reserved.reserve(5000);
  CHECK(reserved.find({0, 0, 4096}) == 0);
}

TEST_CASE("a node keeps the id it was first added with, and each part of its key counts") {
  NodeIndex index;
  CHECK(index.add({1, 2, 3}, 7) == 7);
  CHECK(index.add({1, 2, 3}, 8) == 7);
  CHECK(index.add({2, 2, 3}, 9) == 9);
  CHECK(index.add({1, 3, 3}, 10) == 10);
  CHECK(index.add({1, 2, 4}, 11) == 11);
  CHECK(index.find({1, 2, 3}) == 7);
  CHECK(index.find({1, 2, 5}) == 0);
}

TEST_CASE("what was cleared is gone, and comes again") {
  NodeIndex index;
  for (uint32_t id = 1; id < 3000; ++id) index.add({id, 0, 4096}, id);
  index.clear();
  CHECK(index.find({5, 0, 4096}) == 0);
  CHECK(index.add({5, 0, 4096}, 77) == 77);
}

TEST_CASE("however many nodes come, with room made before or not, each is found") {
  std::mt19937_64 random(3);
  std::map<std::tuple<uint32_t, uint32_t, uint64_t>, uint32_t> known;
  NodeIndex index;
  for (uint32_t id = 1; id < 60'000; ++id) {
    if (id == 20'000) index.reserve(50'000);
    if (id == 30'000) index.reserve(10);
    const NodeKey key{static_cast<uint32_t>(random() % 300), static_cast<uint32_t>(random() % 2),
                      0x5555'0000'0000 + random() % 100 * 16};
    const auto [at, added] = known.try_emplace({key.parent, key.module, key.pc}, id);
    REQUIRE(index.add(key, id) == at->second);
  }
  for (const auto& [key, id] : known) {
    REQUIRE(index.find({std::get<0>(key), std::get<1>(key), std::get<2>(key)}) == id);
  }
  CHECK(index.find({1000, 0, 0x5555'0000'0000}) == 0);
}

}  // namespace
}  // namespace silt::read
