// SPDX-License-Identifier: Apache-2.0
//
// Blocks that no root leads to, with pointers to one another: which is lost with which.

#include "interposer/owners/lost_blocks.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "interposer/owners/block_index.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"

namespace silt::owners {
namespace {

constexpr track::StackId kRequest{5};
constexpr track::StackId kHeader{6};
constexpr track::StackId kValue{7};

struct Lost {
  std::unique_ptr<track::LiveTable> table = std::make_unique<track::LiveTable>();
  MemoryMap memory;
  BlockIndex index;
  PathTree paths;
  Marker marker{index, memory, paths};
  std::vector<void*> blocks;
  PathId root = 0;

  Lost() { table->set_granule_shift(4); }
  ~Lost() {
    for (void* block : blocks) std::free(block);
  }

  uint64_t add(size_t size, track::StackId stack) {
    void* const block = std::calloc(1, size);
    blocks.push_back(block);
    const auto address = reinterpret_cast<uint64_t>(block);
    CHECK(table->insert(address, track::Block{stack, 0, size}));
    return address;
  }
  static void point(uint64_t from, size_t word, uint64_t to) {
    std::memcpy(reinterpret_cast<void*>(from + word * 8), &to, 8);
  }
  // With a variable that keeps one block.
  void mark(uint64_t kept) {
    REQUIRE(memory.read("/proc/self/maps"));
    REQUIRE(index.build(*table, memory));
    REQUIRE(paths.start());
    REQUIRE(marker.start());
    marker.roots({format::RootKind::kData}, 0x1000, &kept, 1);
    marker.follow();
    root = marker.add_root(format::RootKind::kLost, 0);
    REQUIRE(mark_lost_blocks(index, memory, marker, root));
  }
  // Blocks that end the way of these stacks from what nothing points to.
  uint64_t count(const std::vector<track::StackId>& way) const {
    uint64_t blocks = 0;
    for (PathId id = root + 1; id < paths.size(); ++id) {
      PathId at = id;
      size_t left = way.size();
      while (left > 0 && paths.at(at).depth != 0 &&
             paths.at(at).what == track::index_of(way[left - 1])) {
        at = paths.at(at).parent;
        --left;
      }
      if (left == 0 && at == root) blocks += paths.at(id).blocks;
    }
    return blocks;
  }
};

TEST_CASE("what a lost block holds is lost with it") {
  Lost lost;
  const uint64_t kept = lost.add(64, kRequest);
  for (int i = 0; i < 10; ++i) {
    // Made the other way round, too: the order of addresses says nothing.
    const uint64_t value = i % 2 == 0 ? lost.add(100, kValue) : 0;
    const uint64_t request = lost.add(64, kRequest);
    const uint64_t header = lost.add(48, kHeader);
    Lost::point(request, 3, header);
    Lost::point(header, 1, value != 0 ? value : lost.add(100, kValue));
  }
  lost.mark(kept);
  CHECK(lost.count({kRequest}) == 10);
  CHECK(lost.count({kRequest, kHeader}) == 10);
  CHECK(lost.count({kRequest, kHeader, kValue}) == 10);
  CHECK(lost.count({kHeader}) == 0);
  CHECK(lost.count({kValue}) == 0);
}

TEST_CASE("of lost blocks in a circle one is the first, and all are reached") {
  const bool value_first = GENERATE(true, false);
  Lost lost;
  const uint64_t kept = lost.add(64, kRequest);
  uint64_t value = value_first ? lost.add(64, kValue) : 0;
  const uint64_t a = lost.add(64, kHeader);
  const uint64_t b = lost.add(64, kHeader);
  if (!value_first) value = lost.add(64, kValue);
  Lost::point(a, 0, b);
  Lost::point(b, 0, a);
  Lost::point(b, 1, value);
  Lost::point(value, 0, value);
  lost.mark(kept);
  CHECK(lost.count({kHeader}) == 2);
  CHECK(lost.count({kHeader, kValue}) == 1);
  CHECK(lost.count({kValue}) == 0);
}

TEST_CASE("a circle that hangs on another one comes after it") {
  Lost lost;
  const uint64_t kept = lost.add(64, kRequest);
  // Two rings, the first made after the second, which it points to.
  const uint64_t second = lost.add(64, kValue);
  const uint64_t more = lost.add(64, kValue);
  const uint64_t first = lost.add(64, kHeader);
  const uint64_t other = lost.add(64, kHeader);
  Lost::point(second, 0, more);
  Lost::point(more, 0, second);
  Lost::point(first, 0, other);
  Lost::point(other, 0, first);
  Lost::point(other, 1, more);
  lost.mark(kept);
  CHECK(lost.count({kHeader}) == 2);
  CHECK(lost.count({kHeader, kValue}) == 2);
}

TEST_CASE("what is kept hangs on no lost block, though one points to it") {
  Lost lost;
  const uint64_t kept = lost.add(64, kRequest);
  const uint64_t value = lost.add(64, kValue);
  Lost::point(kept, 0, value);
  const uint64_t header = lost.add(64, kHeader);
  Lost::point(header, 0, value);
  lost.mark(kept);
  CHECK(lost.count({kHeader}) == 1);
  CHECK(lost.count({kHeader, kValue}) == 0);
  CHECK(lost.count({kRequest}) == 0);
}

}  // namespace
}  // namespace silt::owners
