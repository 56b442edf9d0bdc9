// SPDX-License-Identifier: Apache-2.0
//
// Blocks are found from any address in them, and followed from roots that the test gives. The table
// is filled by hand with real blocks, whose memory is then read.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "interposer/owners/block_index.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"
#include "interposer/owners/object_kinds.h"

namespace silt::owners {
namespace {

constexpr track::StackId kList{5};
constexpr track::StackId kOther{6};

struct Fixture {
  std::unique_ptr<track::LiveTable> table = std::make_unique<track::LiveTable>();
  MemoryMap memory;
  BlockIndex index;
  PathTree paths;
  std::vector<void*> blocks;

  explicit Fixture(unsigned shift) { table->set_granule_shift(shift); }
  ~Fixture() {
    for (void* block : blocks) std::free(block);
  }

  uint64_t add(size_t size, track::StackId stack) {
    void* const block = std::malloc(size);
    std::memset(block, 0, size);
    blocks.push_back(block);
    const auto address = reinterpret_cast<uint64_t>(block);
    CHECK(table->insert(address, track::Block{stack, 0, size}));
    return address;
  }
  void build() {
    REQUIRE(memory.read("/proc/self/maps"));
    REQUIRE(index.build(*table, memory));
    REQUIRE(paths.start());
  }
  bool reached(const Marker& marker, uint64_t address) const {
    LiveBlock block;
    return index.find(address, &block) && marker.reached(block.number);
  }
};

TEST_CASE("a block is found from each of its bytes, and from no other") {
  const unsigned shift = GENERATE(4u, 5u);
  Fixture f(shift);
  std::vector<std::pair<uint64_t, size_t>> made;
  for (const size_t size :
       {1u, 8u, 24u, 40u, 100u, 1000u, 4095u, 4097u, 65533u, 65534u, 70000u, 3000000u}) {
    for (int i = 0; i < 3; ++i) made.emplace_back(f.add(size, kOther), size);
  }
  f.build();
  CHECK(f.index.blocks() == made.size());
  for (const auto& [begin, size] : made) {
    for (const uint64_t offset : {uint64_t{0}, uint64_t{size} / 2, uint64_t{size} - 1}) {
      LiveBlock block{};
      REQUIRE(f.index.find(begin + offset, &block));
      CHECK(block.begin == begin);
      CHECK(block.size == size);
      CHECK(block.stack == kOther);
    }
    LiveBlock after{};
    CHECK((!f.index.find(begin + size, &after) || after.begin != begin));
  }
}

TEST_CASE("numbers differ, and a visit meets each block") {
  Fixture f(5);
  for (int i = 0; i < 1000; ++i) f.add(16 + static_cast<size_t>(i) % 300, kOther);
  f.build();
  std::vector<bool> seen(f.index.numbers());
  size_t count = 0;
  f.index.visit([&](const LiveBlock& block) {
    REQUIRE(block.number < seen.size());
    CHECK(!seen[block.number]);
    seen[block.number] = true;
    ++count;
  });
  CHECK(count == 1000);
}

TEST_CASE("what a root leads to is reached, what only points to itself is not") {
  Fixture f(5);
  const uint64_t first = f.add(64, kList);
  const uint64_t second = f.add(64, kList);
  const uint64_t payload = f.add(500, kOther);
  const uint64_t lost = f.add(64, kOther);
  std::memcpy(reinterpret_cast<void*>(first), &second, 8);
  const uint64_t inside = payload + 250;
  std::memcpy(reinterpret_cast<void*>(second + 8), &inside, 8);
  std::memcpy(reinterpret_cast<void*>(lost), &lost, 8);
  f.build();
  Marker marker(f.index, f.memory, f.paths);
  REQUIRE(marker.start());
  const uint64_t words[] = {0, first, 77};
  marker.roots({format::RootKind::kData}, 0x1000, words, 3);
  marker.follow();
  CHECK(f.reached(marker, first));
  CHECK(f.reached(marker, second));
  CHECK(f.reached(marker, payload));
  CHECK(!f.reached(marker, lost));
  REQUIRE(f.paths.root_count() == 2);  // the first is for what finds no room
  CHECK(f.paths.root(1).address == 0x1008);
}

TEST_CASE("with begins only, a pointer into a block is none") {
  Fixture f(5);
  const uint64_t block = f.add(64, kOther);
  f.build();
  Marker marker(f.index, f.memory, f.paths);
  REQUIRE(marker.start());
  const uint64_t words[] = {block + 48};
  marker.roots({format::RootKind::kData, 0, 0, true, nullptr}, 0x1000, words, 1);
  CHECK(!f.reached(marker, block));
  marker.roots({format::RootKind::kData}, 0x1000, words, 1);
  CHECK(f.reached(marker, block));
}

// What a runtime says of its objects here: their first word is the type, and each keeps what its
// second word says, by way of the data in the third.
void use_kinds() {
  object_kinds.type_of = [](const LiveBlock& block) {
    return static_cast<LabelId>(*reinterpret_cast<const uint64_t*>(block.begin));
  };
  object_kinds.visit = [](const LiveBlock& block, Kept kept) {
    const auto* const words = reinterpret_cast<const uint64_t*>(block.begin);
    kept.by(words[2]);
    kept(words[1], LabelId{77});
    return ObjectKinds::Words{0, 0};
  };
}

TEST_CASE("objects are marked as their runtime says, with types and names") {
  Fixture f(5);
  Fixture objects(4);
  const uint64_t buffer = f.add(64, kOther);
  const uint64_t holder = objects.add(32, kList);
  const uint64_t data = objects.add(32, kOther);
  const uint64_t kept = objects.add(32, kOther);
  const uint64_t only_in_data = objects.add(32, kOther);
  const uint64_t holder_words[] = {5, kept, data, only_in_data};
  const uint64_t kept_words[] = {6, buffer, 0, 0};
  const uint64_t data_words[] = {0, only_in_data, only_in_data, only_in_data};
  std::memcpy(reinterpret_cast<void*>(holder), holder_words, 32);
  std::memcpy(reinterpret_cast<void*>(kept), kept_words, 32);
  std::memcpy(reinterpret_cast<void*>(data), data_words, 32);
  f.build();
  objects.build();
  use_kinds();
  Marker marker(f.index, f.memory, f.paths);
  REQUIRE(marker.start(&objects.index));
  const Kept variables = marker.variables();
  variables(holder, LabelId{40});
  marker.follow();
  const auto path_of = [&](uint64_t address) {
    LiveBlock block{};
    REQUIRE(objects.index.find(address, &block));
    return marker.path_of_object(block.number);
  };
  const PathTree::Path& way_of_holder = f.paths.at(path_of(holder));
  CHECK(way_of_holder.label == Label{LabelId{5}, 0});
  CHECK(f.paths.at(way_of_holder.parent).label.name == 40);
  const PathTree::Path& way_of_kept = f.paths.at(path_of(kept));
  CHECK(way_of_kept.label == Label{LabelId{6}, LabelId{77}});
  CHECK(way_of_kept.parent == path_of(data));
  CHECK(f.paths.at(path_of(data)).parent == path_of(holder));
  CHECK(path_of(only_in_data) == 0);
  CHECK(f.reached(marker, buffer));
  object_kinds = {};
}

TEST_CASE("a root for blocks only leaves objects alone") {
  Fixture f(5);
  Fixture objects(4);
  const uint64_t block = f.add(64, kOther);
  const uint64_t object = objects.add(32, kOther);
  f.build();
  objects.build();
  use_kinds();
  Marker marker(f.index, f.memory, f.paths);
  REQUIRE(marker.start(&objects.index));
  const uint64_t words[] = {object, block};
  marker.roots({format::RootKind::kObject, 0, 0, false, nullptr, true}, 0x1000, words, 2);
  CHECK(f.reached(marker, block));
  LiveBlock found{};
  REQUIRE(objects.index.find(object, &found));
  CHECK(marker.path_of_object(found.number) == 0);
  object_kinds = {};
}

TEST_CASE("a level larger than the queues is followed to its end") {
  constexpr size_t kMany = 300'000;  // the queue holds 2^18
  Fixture f(5);
  const uint64_t index = f.add(kMany * 8, kList);
  std::vector<uint64_t> leaves;
  for (size_t i = 0; i < kMany; ++i) {
    const uint64_t node = f.add(16, kOther);
    const uint64_t leaf = f.add(8, kOther);
    std::memcpy(reinterpret_cast<void*>(node), &leaf, 8);
    std::memcpy(reinterpret_cast<void*>(index + i * 8), &node, 8);
    leaves.push_back(leaf);
  }
  f.build();
  Marker marker(f.index, f.memory, f.paths);
  REQUIRE(marker.start());
  marker.roots({format::RootKind::kData}, 0x1000, &index, 1);
  marker.follow();
  size_t missed = 0;
  for (const uint64_t leaf : leaves) missed += f.reached(marker, leaf) ? 0 : 1;
  CHECK(missed == 0);
  size_t unknown = 0;
  LiveBlock block{};
  for (const uint64_t leaf : leaves)
    unknown += f.index.find(leaf, &block) && block.begin == leaf ? 0 : 1;
  CHECK(unknown == 0);
}

}  // namespace
}  // namespace silt::owners
