// SPDX-License-Identifier: Apache-2.0
//
// Objects that only refer to one another, told apart from those that are counted from elsewhere. A
// runtime of the test's own says what they keep.
//
//   object   references counted | whether the collector follows it | two references | its data
//   data     0 | one reference | words that mean nothing
// The first reference is told again by its name.

#include "interposer/owners/cycles.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

namespace silt::owners {
namespace {

constexpr size_t kBytes = 64;
constexpr track::StackId kStack{5};

uint64_t* words_of(uint64_t begin) { return reinterpret_cast<uint64_t*>(begin); }

void use_kinds() {
  object_kinds.type_of = [](const LiveBlock& block) {
    return LabelId{*words_of(block.begin) == 0 ? 0u : 9u};
  };
  object_kinds.counted = [](const LiveBlock& block) {
    const uint64_t* const words = words_of(block.begin);
    return CountedObject{words[0] == 0 ? 0 : block.begin, words[0], words[1] != 0};
  };
  object_kinds.visit = [](const LiveBlock& block, Kept kept) {
    const uint64_t* const words = words_of(block.begin);
    if (words[0] == 0) return ObjectKinds::Words{0, block.size};
    kept.named(words[2], LabelId{7});
    kept.by(words[4]);
    if (words[4] != 0) kept(words_of(words[4])[1]);
    kept.by(0);
    return ObjectKinds::Words{16, 32};
  };
}

class Heap {
 public:
  Heap() {
    table_->set_granule_shift(4);
    use_kinds();
  }
  ~Heap() {
    for (void* block : blocks_) std::free(block);
    object_kinds = {};
  }

  uint64_t object(uint64_t references, bool collected = true) {
    void* const block = std::calloc(1, kBytes);
    blocks_.push_back(block);
    const auto begin = reinterpret_cast<uint64_t>(block);
    CHECK(table_->insert(begin, track::Block{kStack, 0, kBytes}));
    words_of(begin)[0] = references;
    words_of(begin)[1] = collected ? 1 : 0;
    return begin;
  }
  uint64_t data() { return object(0); }
  static void refer(uint64_t from, uint64_t to, size_t which = 0) {
    words_of(from)[2 + which] = to;
  }

  // With variables for these.
  void look(std::initializer_list<uint64_t> variables = {}) {
    REQUIRE(memory_.read("/proc/self/maps"));
    REQUIRE(none_.build(*no_table_, memory_));
    REQUIRE(objects_.build(*table_, memory_));
    REQUIRE(paths_.start());
    marker_ = std::make_unique<Marker>(none_, memory_, paths_);
    REQUIRE(marker_->start(&objects_));
    const Kept kept = marker_->variables();
    for (const uint64_t variable : variables) kept(variable, LabelId{3});
    marker_->follow();
    Cycles cycles(objects_, memory_, *marker_);
    REQUIRE(cycles.find());
    found_ = cycles.objects();
    root_ = marker_->add_root(format::RootKind::kGarbage, 1);
    cycles.mark(root_);
  }
  uint64_t found() const { return found_; }
  bool is_garbage(uint64_t begin) const {
    PathId path = path_of(begin);
    while (path != 0 && paths_.at(path).depth != 0) path = paths_.at(path).parent;
    return path == root_;
  }
  bool is_lost(uint64_t begin) const { return path_of(begin) == 0; }

 private:
  PathId path_of(uint64_t begin) const {
    LiveBlock block{};
    REQUIRE(objects_.find(begin, &block));
    return marker_->path_of_object(block.number);
  }

  std::unique_ptr<track::LiveTable> table_ = std::make_unique<track::LiveTable>();
  std::unique_ptr<track::LiveTable> no_table_ = std::make_unique<track::LiveTable>();
  MemoryMap memory_;
  BlockIndex none_;
  BlockIndex objects_;
  PathTree paths_;
  std::unique_ptr<Marker> marker_;
  std::vector<void*> blocks_;
  PathId root_ = 0;
  uint64_t found_ = 0;
};

TEST_CASE("objects in a circle, and what hangs on them, are garbage") {
  Heap heap;
  const uint64_t first = heap.object(1);
  const uint64_t second = heap.object(1);
  const uint64_t text = heap.object(1, false);
  const uint64_t data = heap.data();
  Heap::refer(first, second);
  Heap::refer(second, first);
  words_of(second)[4] = data;
  words_of(data)[1] = text;
  heap.look();
  CHECK(heap.found() == 3);
  for (const uint64_t block : {first, second, text, data}) CHECK(heap.is_garbage(block));
}

TEST_CASE("one reference too many holds an object, and all that it leads to") {
  Heap heap;
  const uint64_t held = heap.object(2);
  const uint64_t behind = heap.object(1);
  const uint64_t last = heap.object(2);
  const uint64_t other = heap.object(1);
  Heap::refer(held, behind);
  Heap::refer(behind, held);
  Heap::refer(behind, last, 1);
  Heap::refer(other, other);
  Heap::refer(other, last, 1);
  heap.look();
  for (const uint64_t block : {held, behind, last}) CHECK(heap.is_lost(block));
  CHECK(heap.is_garbage(other));
  CHECK(heap.found() == 1);
}

TEST_CASE("what a variable leads to is no garbage, though it is a circle") {
  Heap heap;
  const uint64_t kept = heap.object(2);
  Heap::refer(kept, kept);
  heap.look({kept});
  CHECK(heap.found() == 0);
  CHECK(!heap.is_garbage(kept));
  CHECK(!heap.is_lost(kept));
}

TEST_CASE("a circle through an object that the collector does not follow stays for ever") {
  Heap heap;
  const uint64_t collected = heap.object(1);
  const uint64_t hidden = heap.object(1, false);
  Heap::refer(collected, hidden);
  Heap::refer(hidden, collected);
  heap.look();
  CHECK(heap.is_lost(collected));
  CHECK(heap.is_lost(hidden));
}

TEST_CASE("data that an object has told counts once, other data by its words") {
  Heap heap;
  const uint64_t object = heap.object(1);
  const uint64_t told = heap.data();
  words_of(object)[4] = told;
  words_of(told)[1] = object;
  words_of(told)[5] = object;  // what is left there from before means nothing
  const uint64_t second = heap.object(2);
  const uint64_t table = heap.data();
  Heap::refer(second, table);
  words_of(table)[1] = second;
  words_of(table)[6] = second;
  heap.look();
  CHECK(heap.is_garbage(object));
  CHECK(heap.is_garbage(second));
  CHECK(heap.is_garbage(table));
}

TEST_CASE("memory that nothing points to holds what it refers to") {
  Heap heap;
  const uint64_t object = heap.object(1);
  const uint64_t leaked = heap.data();
  words_of(leaked)[1] = object;
  heap.look();
  CHECK(heap.is_lost(object));
  CHECK(heap.is_lost(leaked));
}

TEST_CASE("a pointer into an object is no reference to it") {
  Heap heap;
  const uint64_t object = heap.object(1);
  Heap::refer(object, object + 8);
  heap.look();
  CHECK(heap.is_lost(object));
}

}  // namespace
}  // namespace silt::owners
