// SPDX-License-Identifier: Apache-2.0
//
// A black box made by hand: what its tables say, as a snapshot, and that nothing that somebody
// makes of its bytes leads the reader astray.
//
// Longer than 300 lines: all cases begin with the same boxes.

#include "symbolizer/read/box_tables.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "symbolizer/read/box_snapshot.h"

namespace silt::read {
namespace {

using format::BoxKind;

// As the interposer lays it out, with one piece behind the other.
class Box {
 public:
  Box() {
    std::memcpy(header.magic, format::kBoxMagic, sizeof(header.magic));
    header.version = format::kBoxVersion;
    header.pid = 41;
    header.sequence = 3;
    header.generation = 3;
    header.seen_elapsed_ns = 77;
    std::strcpy(header.program, "shop");
  }

  template <typename T>
  void add(BoxKind kind, uint32_t index, const std::vector<T>& items, uint32_t part = 0) {
    std::string bytes(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T));
    format::BoxEntry entry{};
    entry.kind = static_cast<uint32_t>(kind);
    entry.part = part;
    entry.index = index;
    entry.offset = format::kBoxTablesAt + tables_.size();
    entry.bytes = bytes.size();
    bytes.resize((bytes.size() + format::kBoxPage - 1) / format::kBoxPage * format::kBoxPage);
    tables_ += bytes;
    directory_.push_back(entry);
  }

  std::string bytes() {
    header.entries = static_cast<uint32_t>(directory_.size());
    std::string out(format::kBoxTablesAt, '\0');
    std::memcpy(out.data(), &header, sizeof(header));
    std::memcpy(out.data() + format::kBoxDirectoryAt, directory_.data(),
                directory_.size() * sizeof(format::BoxEntry));
    return out + tables_;
  }

  format::BoxHeader header{};

 private:
  std::vector<format::BoxEntry> directory_;
  std::string tables_;
};

std::vector<format::BoxNode> nodes(std::vector<format::BoxNode> first) {
  first.resize(format::kBoxNodesInPiece);
  return first;
}

struct Counted {
  uint32_t stack;
  format::BoxCounter counter;
};
std::vector<format::BoxCounter> counters(const std::vector<Counted>& counted) {
  std::vector<format::BoxCounter> piece(format::kBoxCountersInPiece);
  for (const Counted& one : counted) piece[one.stack] = one.counter;
  return piece;
}

struct Cell {
  uint32_t word;
  uint16_t size;
};
// One group.
std::vector<uint16_t> live(const std::vector<Cell>& cells) {
  std::vector<uint16_t> group(format::kBoxGroupBytes / 2);
  for (size_t i = 0; i < cells.size(); ++i) {
    std::memcpy(&group[2 * i], &cells[i].word, sizeof(uint32_t));
    group[2 * format::kBoxGroupCells + i] = cells[i].size;
  }
  return group;
}

// main -> handle, at which there are blocks; main -> map -> the marker of mappings; a free node.
Box shop() {
  Box box;
  box.add(BoxKind::kNodes, 0,
          nodes({{},
                 {4, 0, 0},
                 {0x401000, 0, 0},
                 {0x402000, 2, 0},
                 {0x403000, 2, 0},
                 {1, 4, 0},
                 {0, format::kBoxFreeNode, 0}}));
  box.add(BoxKind::kCounters, 0, counters({{3, {5, 500}}, {5, {2, 16384}}}), 0);
  // What another part took away, modulo 2^64.
  box.add(BoxKind::kCounters, 0, counters({{3, {~uint64_t{0}, ~uint64_t{0} - 99}}}), 16);
  box.add(BoxKind::kLive, 0,
          live({{3 << 8 | 0, 100},
                {3 << 8 | 2, format::kBoxLargeSize},
                {200, format::kBoxContinuation},
                {1, format::kBoxContinuation},
                {0, 55}}));
  box.add(BoxKind::kMapped, 1,
          std::vector<format::BoxMapped>{{format::kBoxMappedKey | 5 << 8 | 1, 7, 7}});
  box.add(BoxKind::kMapped, 2,
          std::vector<format::BoxMapped>{{format::kBoxMappedKey | 5 << 8 | 1, 1, 8192}});
  format::BoxModule module{};
  module.there = 1;
  module.start = 0x400000;
  module.end = 0x500000;
  module.end_node = UINT32_MAX;
  std::strcpy(module.path, "/usr/bin/shop");
  std::vector<format::BoxModule> modules(format::kBoxModulesInPiece);
  modules[0] = module;
  box.add(BoxKind::kModules, 0, modules);
  return box;
}

Result<SnapshotFile> open(const std::string& bytes) {
  static std::string kept;
  auto tables = read_box_tables(MemorySource(bytes));
  if (!tables) return tables.error();
  auto snapshot = snapshot_of_box(*tables, nullptr);
  if (!snapshot) return snapshot.error();
  kept = *snapshot;
  return SnapshotFile::open(std::make_unique<MemorySource>(kept));
}

}  // namespace

TEST_CASE("a box reads as the snapshot that was not taken any more") {
  auto file = open(shop().bytes());
  REQUIRE(file);
  CHECK(file->meta().pid == 41);
  CHECK(file->meta().sequence == 3);
  CHECK(file->meta().native.live_blocks == 2);
  CHECK(file->meta().native.live_bytes == 100 + (200 | uint64_t{1} << 32));
  CHECK(file->meta().mapping.live_bytes == 8192);
  CHECK(file->meta().mapping.allocated_blocks == 2);
  CHECK(file->texts()->program == "shop");
  const auto bytes = file->node_bytes();
  REQUIRE(bytes);
  const auto nodes = file->nodes(*bytes);
  REQUIRE(nodes);
  REQUIRE(nodes->size() == 5);  // the root, and neither the overflow stack nor the free node
  const auto rows = file->stack_rows();
  REQUIRE(rows);
  REQUIRE(rows->rows.size() == 2);
  const StackRow& handle = rows->rows[0];
  CHECK((*nodes)[handle.node].pc == 0x402000);
  CHECK((*nodes)[(*nodes)[handle.node].parent].pc == 0x401000);
  CHECK(handle.live_blocks == 2);
  CHECK(handle.allocated_blocks == 4);  // 5 - 1
  REQUIRE(rows->generations.size() == 3);
  CHECK(rows->generations[0].code == 0);
  CHECK(rows->generations[1].code == 2);
  const auto modules = file->modules();
  REQUIRE(modules);
  REQUIRE(modules->size() == 1);
  CHECK((*modules)[0].path == "/usr/bin/shop");
}

// Two threads, one of them with others before it, at two stacks; what the folded part has is of
// nobody any more.
Box of_threads() {
  Box box;
  box.add(BoxKind::kNodes, 0, nodes({{}, {4, 0, 0}, {0x401000, 0, 0}, {0x402000, 2, 0}}));
  box.add(BoxKind::kCounters, 0, counters({{2, {2, 600}}, {3, {1, 100}}}), 0);
  box.add(BoxKind::kCounters, 0, counters({{2, {1, 300}}}), 2);
  box.add(BoxKind::kCounters, 0, counters({{2, {1, 100}}}), 16);
  box.header.threads_told = format::kBoxThreads;
  box.header.threads[0].word = 41 | format::kBoxSecondName;
  std::strcpy(box.header.threads[0].names[0], "older");
  std::strcpy(box.header.threads[0].names[1], "shop");
  box.header.threads[2].word = 43 | format::kBoxThreadSeveral;
  box.header.threads[1].word = 44;
  std::memset(box.header.threads[1].names[0], 'x', 16);  // without an end
  return box;
}

TEST_CASE("a box says which threads allocated, if it was told") {
  auto file = open(of_threads().bytes());
  REQUIRE(file);
  const auto rows = file->threads();
  REQUIRE(rows);
  REQUIRE(rows->threads.size() == 16);
  CHECK(rows->threads[0] == Thread{41, 0, false, "shop"});
  CHECK(rows->threads[1] == Thread{44, 0, false, std::string(15, 'x')});
  CHECK(rows->threads[2] == Thread{43, format::kThreadSeveral, false, ""});
  CHECK(rows->threads[15] == Thread{0, format::kThreadRest, false, ""});
  REQUIRE(rows->items.size() == 2);
  REQUIRE(rows->shares.size() == 4);
  const uint32_t expected[][2] = {{0, 60}, {2, 30}, {15, 10}, {0, 100}};
  for (size_t i = 0; i < 4; ++i) {
    CHECK(rows->shares[i].thread == expected[i][0]);
    CHECK(rows->shares[i].percent == expected[i][1]);
  }
  Box older = of_threads();
  older.header.threads_told = 0;
  file = open(older.bytes());
  REQUIRE(file);
  CHECK(file->threads()->threads.empty());
  CHECK(file->threads()->items.empty());
}

TEST_CASE("where counting began anew a box does not say who counted") {
  Box box = of_threads();
  box.add(BoxKind::kCounters, 0, counters({{2, {~uint64_t{0}, ~uint64_t{0} - 599}}}), 15);
  auto file = open(box.bytes());
  REQUIRE(file);
  const auto rows = file->threads();
  REQUIRE(rows);
  REQUIRE(rows->items.size() == 1);
  CHECK(rows->items[0].first != 1);  // of the stack that was not taken from
}

TEST_CASE("samples stand for as many blocks as they weigh, those of the newest table") {
  Box box;
  box.add(BoxKind::kNodes, 0, nodes({{}, {4, 0, 0}, {0x401000, 0, 0}}));
  const format::BoxSample sample{0x7000, 100, 2, 5, 1, {}};
  const format::BoxSample gone{1, 100, 2, 5, 1, {}};
  box.add(BoxKind::kSampled, 1, std::vector<format::BoxSample>{sample, sample, sample});
  box.add(BoxKind::kSampled, 4, std::vector<format::BoxSample>{sample, gone, {}});
  auto file = open(box.bytes());
  REQUIRE(file);
  CHECK(file->meta().native.live_blocks == 5);
  CHECK(file->meta().native.live_bytes == 500);
}

TEST_CASE("nodes in a circle, without callers or of nothing have no row") {
  Box box;
  box.add(BoxKind::kNodes, 0,
          nodes({{},
                 {4, 0, 0},
                 {0x401000, 3, 0},
                 {0x402000, 2, 0},
                 {0x403000, 5'000'000, 0},
                 {0x404000, 0, 0},
                 {format::kPcPair | 6, 5, 0},
                 {format::kPcPair | 6, 5, 0},
                 {format::kPcPair | 5, 0, 0}}));
  std::vector<Counted> counted;
  for (uint32_t stack = 0; stack < 12; ++stack) counted.push_back({stack, {1, 1}});
  box.add(BoxKind::kCounters, 0, counters(counted));
  auto file = open(box.bytes());
  REQUIRE(file);
  const auto rows = file->stack_rows();
  REQUIRE(rows);
  // The overflow stack, 5, and the pair of 5: the others are of no use.
  CHECK(rows->rows.size() == 3);
}

TEST_CASE("what cannot be is refused") {
  const auto refused = [](Box box) { return !read_box_tables(MemorySource(box.bytes())); };
  CHECK_FALSE(refused(shop()));
  Box version = shop();
  version.header.version = format::kBoxVersion + 1;
  CHECK(refused(version));
  Box magic = shop();
  magic.header.magic[0] = 'x';
  CHECK(refused(magic));
  Box far = shop();
  far.add(BoxKind::kNodes, 4096, nodes({}));
  CHECK(refused(far));
  Box small = shop();
  small.add(BoxKind::kNodes, 1, std::vector<format::BoxNode>(4));
  CHECK(refused(small));
  const std::string whole = shop().bytes();
  CHECK_FALSE(read_box_tables(MemorySource(std::string_view(whole).substr(0, 1000))));
  CHECK_FALSE(
      read_box_tables(MemorySource(std::string_view(whole).substr(0, whole.size() - 70000))));
}

TEST_CASE("whatever somebody makes of the bytes, the reader says what it is or refuses it") {
  const bool threads = GENERATE(false, true);
  const std::string whole = threads ? of_threads().bytes() : shop().bytes();
  std::mt19937 draw(1);
  const auto below = [&draw](size_t limit) { return draw() % limit; };
  for (int i = 0; i < 400; ++i) {
    std::string bytes = whole;
    for (int changes = 0; changes < 12; ++changes) {
      const size_t from[] = {0, offsetof(format::BoxHeader, threads_told), format::kBoxDirectoryAt,
                             format::kBoxTablesAt};
      const size_t at = from[below(4)] + below(512);
      bytes[at] = static_cast<char>(below(4) == 0 ? 0xff : draw());
    }
    auto file = open(bytes);
    if (!file) continue;
    const auto node_bytes = file->node_bytes();
    REQUIRE(node_bytes);
    const auto read = file->nodes(*node_bytes);
    INFO((read ? std::string() : read.error().message));
    CHECK(read);
    CHECK(file->stack_rows());
    CHECK(file->modules());
    CHECK(file->threads());
  }
}

}  // namespace silt::read
