// SPDX-License-Identifier: Apache-2.0
//
// One damaged file after the other: each must be refused for its own reason, and none may crash.

#include "symbolizer/read/snapshot_file.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <random>

#include "test/symbolizer/snapshot_writer.h"

namespace silt::read {
namespace {

using test::RawSection;
using test::SnapshotValues;

SnapshotValues some_values() {
  SnapshotValues values;
  values.meta.pid = 7;
  values.nodes = {{0, 0x555555554000}, {1, 0x7ffff7a00000}, {1, 1}, {2, 0x10}};
  values.rows = {{2, 300, 70000, {{0, 3, 400}, {5, 1, 128}}}, {4, 1, 1, {}}};
  Module module;
  module.start = 0x555555550000;
  module.end = 0x555555560000;
  module.end_node = UINT32_MAX;
  module.path = "/usr/bin/victim";
  module.build_id = {1, 2, 3, 4};
  module.main = true;
  values.modules = {module};
  values.mappings = {{0x1000, 0x2000, 0, ""},
                     {0x555555550000, 0x555555560000, 64, "/usr/bin/victim"}};
  values.costs = {{format::Cost::nodes, 4}};
  values.rss = {{format::RssKind::kManagedHeap, 12}};
  values.managed_heaps.resize(2);
  values.managed_heaps[1].thread_id = 3;
  values.managed_heaps[1].heap_used_bytes = 1000;
  values.script_frames = {{"main", "file:///app.js", 1, 1}, {"", "node:internal/timers", 7, 0}};
  values.script_nodes = {{0, 0}, {1, 1}, {1, 0}};
  values.script_rows = {{0, 2, {{0, 1, 3, 60}, {4, 2, 9, 400}}}, {1, 1, {{9, 1, 1, 8}}}};
  return values;
}

// The reason why a file is refused, or an empty text when all of it can be read.
std::string refusal(const std::string& bytes) {
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  if (!file) return file.error().message;
  auto node_bytes = file->node_bytes();
  if (!node_bytes) return node_bytes.error().message;
  if (auto nodes = file->nodes(*node_bytes); !nodes) return nodes.error().message;
  if (auto rows = file->stack_rows(); !rows) return rows.error().message;
  if (auto texts = file->texts(); !texts) return texts.error().message;
  if (auto modules = file->modules(); !modules) return modules.error().message;
  if (auto mappings = file->mappings(); !mappings) return mappings.error().message;
  if (auto costs = file->costs(); !costs) return costs.error().message;
  if (auto rss = file->rss(); !rss) return rss.error().message;
  if (auto children = file->children(); !children) return children.error().message;
  if (auto runtimes = file->runtimes(); !runtimes) return runtimes.error().message;
  if (auto heaps = file->script_heaps(); !heaps) return heaps.error().message;
  return "";
}

std::string refusal(const std::function<void(SnapshotValues&)>& change) {
  SnapshotValues values = some_values();
  change(values);
  return refusal(test::write_snapshot(values));
}

std::string refusal_of_sections(const std::function<void(std::vector<RawSection>&)>& change) {
  auto sections = test::sections_of(some_values());
  change(sections);
  return refusal(test::assemble(sections));
}

template <typename T>
std::string refusal_with(size_t offset, T value) {
  std::string bytes = test::write_snapshot(some_values());
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
  test::mend_checksums(bytes);
  return refusal(bytes);
}

constexpr size_t kTable = sizeof(format::FileHeader);

TEST_CASE("what was written reads back") {
  const std::string bytes = test::write_snapshot(some_values());
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file.ok());
  CHECK(file->meta().pid == 7);
  const auto nodes = file->nodes(file->node_bytes().value());
  REQUIRE(nodes.ok());
  REQUIRE(nodes->size() == 5);
  CHECK((*nodes)[2].pc == 0x7ffff7a00000);
  CHECK((*nodes)[3].parent == 1);
  const auto rows = file->stack_rows();
  REQUIRE(rows.ok());
  REQUIRE(rows->rows.size() == 2);
  CHECK(rows->rows[0].live_blocks == 4);
  CHECK(rows->rows[0].live_bytes == 528);
  CHECK(rows->rows[1].node == 4);
  const auto modules = file->modules();
  REQUIRE(modules.ok());
  CHECK((*modules)[0].path == "/usr/bin/victim");
  CHECK((*modules)[0].build_id == std::vector<uint8_t>{1, 2, 3, 4});
  CHECK((*modules)[0].main);
  const auto mappings = file->mappings();
  REQUIRE(mappings.ok());
  CHECK((*mappings)[0].path.empty());
  CHECK((*mappings)[1].file_offset == 64);
  CHECK(file->costs().value()[14] == 4);
  CHECK(file->rss().value()[0].kind == format::RssKind::kManagedHeap);
}

RawSection children_section(const std::vector<format::ChildEntry>& entries) {
  return {static_cast<uint32_t>(format::SectionType::kChildren),
          static_cast<uint32_t>(entries.size()),
          std::string(reinterpret_cast<const char*>(entries.data()),
                      entries.size() * sizeof(format::ChildEntry))};
}

TEST_CASE("children that are recorded too are read, and hostile ones are not") {
  auto sections = test::sections_of(some_values());
  format::ChildEntry child{};
  child.pid = 12;
  child.age_ns = 2500000000;
  std::memset(child.name, 'w', sizeof(child.name));  // without an end
  sections.push_back(children_section({child}));
  const std::string bytes = test::assemble(sections);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file);
  const auto children = file->children();
  REQUIRE(children);
  REQUIRE(children->size() == 1);
  CHECK((*children)[0].pid == 12);
  CHECK((*children)[0].age_seconds == 2.5);
  CHECK((*children)[0].name == std::string(16, 'w'));

  sections.back() = children_section(std::vector<format::ChildEntry>(kMostChildren + 1, child));
  CHECK(refusal(test::assemble(sections)) == "is corrupt: it has more children than there can be");
  child.age_ns = UINT64_MAX;
  sections.back() = children_section({child});
  CHECK(refusal(test::assemble(sections)) == "is corrupt: the ages of its children cannot be");
}

TEST_CASE("every shorter file is refused") {
  const std::string bytes = test::write_snapshot(some_values());
  for (size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    CHECK_FALSE(refusal(bytes.substr(0, size)).empty());
  }
  CHECK(refusal(bytes.substr(0, 100)) ==
        "is truncated: 100 of " + std::to_string(bytes.size()) + " bytes");
  CHECK(refusal(bytes + "x") == "is 1 bytes too long");
}

TEST_CASE("every flipped bit of a section or the table is noticed") {
  const std::string bytes = test::write_snapshot(some_values());
  std::vector<bool> padding(bytes.size(), true);
  format::FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const size_t table_end = kTable + header.section_count * sizeof(format::SectionEntry);
  for (size_t i = 0; i < table_end; ++i) padding[i] = false;
  for (size_t at = kTable; at < table_end; at += sizeof(format::SectionEntry)) {
    format::SectionEntry entry;
    std::memcpy(&entry, bytes.data() + at, sizeof(entry));
    for (uint64_t i = 0; i < entry.size; ++i) padding[entry.offset + i] = false;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (padding[i]) continue;
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      INFO("byte " << i << " bit " << bit);
      CHECK_FALSE(refusal(damaged).empty());
    }
  }
}

TEST_CASE("a header that cannot be is refused") {
  CHECK(refusal("ELF, not a snapshot, and long enough to hold a header, which it is") ==
        "is not a silt snapshot");
  CHECK(refusal_with<uint32_t>(8, 3) == "has format version 3, this silt reads versions 1 to 2");
  CHECK_THAT(refusal_with<uint32_t>(12, 8), Catch::Contains("impossible sizes"));
  CHECK_THAT(refusal_with<uint32_t>(12, UINT32_MAX), Catch::Contains("passes its end"));
  CHECK_THAT(refusal_with<uint32_t>(16, UINT32_MAX), Catch::Contains("impossible sizes"));
  CHECK_THAT(refusal_with<uint32_t>(20, 1), Catch::Contains("impossible sizes"));
  CHECK_THAT(refusal_with<uint32_t>(20, UINT32_MAX), Catch::Contains("passes its end"));
}

TEST_CASE("sections outside the file, over each other or twice are refused") {
  CHECK_THAT(refusal_with<uint64_t>(kTable + 8, UINT64_MAX - 7), Catch::Contains("passes the end"));
  CHECK_THAT(refusal_with<uint64_t>(kTable + 16, UINT64_MAX), Catch::Contains("passes the end"));
  CHECK_THAT(refusal_with<uint64_t>(kTable + 8, 0), Catch::Contains("overlaps"));
  CHECK_THAT(refusal_with<uint64_t>(kTable + 8, 321), Catch::Contains("not aligned"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections.push_back(sections[2]); }),
             Catch::Contains("two sections of type 3"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections.erase(sections.begin()); }),
             Catch::Contains("no section of type 1"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[0].bytes.resize(100); }),
             Catch::Contains("meta section is too small"));
}

TEST_CASE("sections and counters of a later writer are skipped") {
  CHECK(refusal_of_sections([](auto& sections) {
          sections.push_back({99, 5, "hello"});
          sections[0].bytes += "more fields";
        }).empty());
  CHECK(refusal([](auto& values) { values.costs.push_back({format::Cost{1000}, 5}); }).empty());
}

TEST_CASE("counts that do not fit their bytes are refused") {
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[2].count = UINT32_MAX; }),
             Catch::Contains("fewer nodes"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[2].count -= 1; }),
             Catch::Contains("more nodes"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[3].count = UINT32_MAX; }),
             Catch::Contains("fewer stacks"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[3].count = 1; }),
             Catch::Contains("more stacks"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[4].count = 1 << 26; }),
             Catch::Contains("does not fit its count"));
}

TEST_CASE("a node whose parent is itself, younger or nowhere is refused") {
  for (const uint32_t parent : {4u, 5u, UINT32_MAX}) {
    INFO(parent);
    CHECK_FALSE(refusal([&](auto& values) { values.nodes[3].parent = parent; }).empty());
  }
}

TEST_CASE("a stack deeper than any is refused, one at the limit is not") {
  const auto chain = [](uint32_t depth) {
    return refusal([depth](auto& values) {
      values.nodes.clear();
      for (uint32_t i = 0; i < depth; ++i) values.nodes.push_back({i, 0x5000});
    });
  };
  CHECK(chain(kDeepestStack).empty());
  CHECK_THAT(chain(kDeepestStack + 1), Catch::Contains("deeper than"));
}

TEST_CASE("rows out of order, twice or of unknown nodes are refused") {
  CHECK_THAT(refusal([](auto& values) { values.rows[1].node = 2; }), Catch::Contains("in order"));
  CHECK_THAT(refusal([](auto& values) { values.rows[1].node = 1; }), Catch::Contains("in order"));
  CHECK_THAT(refusal([](auto& values) { values.rows[1].node = 5; }), Catch::Contains("no node"));
  CHECK_THAT(refusal([](auto& values) { values.rows[0].node = 0; }), Catch::Contains("no node"));
}

TEST_CASE("generations out of order are refused") {
  CHECK_THAT(refusal([](auto& values) { values.rows[0].generations[1].code = 0; }),
             Catch::Contains("figures of stack 2"));
}

TEST_CASE("a code that is no generation is refused") {
  CHECK_THAT(refusal_of_sections([](auto& sections) {
               std::string& bytes = sections[3].bytes;
               bytes.clear();
               for (const uint64_t value : {1, 1, 1, 1, 256, 1, 1})
                 test::append_varint(bytes, value);
               sections[3].count = 1;
             }),
             Catch::Contains("figures of stack 1"));
}

TEST_CASE("sums that would overflow are refused") {
  constexpr uint64_t kHalf = uint64_t{1} << 62;
  CHECK_THAT(refusal([](auto& values) {
               values.rows[0].generations[0].bytes = values.rows[0].generations[1].bytes = kHalf;
             }),
             Catch::Contains("figures of stack 2"));
  CHECK_THAT(refusal([](auto& values) {
               values.rows[0].allocated_bytes = values.rows[1].allocated_bytes = kHalf;
             }),
             Catch::Contains("sum over its stacks"));
  CHECK_THAT(refusal([](auto& values) { values.meta.elapsed_ns = UINT64_MAX; }),
             Catch::Contains("meta section"));
  CHECK_THAT(refusal([](auto& values) { values.meta.native.live_bytes = UINT64_MAX; }),
             Catch::Contains("meta section"));
  CHECK_THAT(refusal([](auto& values) { values.costs[0].second = UINT64_MAX; }),
             Catch::Contains("costs"));
}

TEST_CASE("texts without an end, outside their section or endless are refused") {
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[1].bytes.back() = 'x'; }),
             Catch::Contains("no end"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[1].bytes[0] = 'x'; }),
             Catch::Contains("first text"));
  CHECK_THAT(refusal_of_sections([](auto& sections) { sections[1].bytes.resize(1); }),
             Catch::Contains("outside"));
  CHECK_THAT(refusal([](auto& values) { values.command.assign(kLongestText + 1, 'x'); }),
             Catch::Contains("too long"));
}

TEST_CASE("a small file cannot make the reader take memory without end") {
  const std::string reason = refusal_of_sections([](auto& sections) {
    // Modules whose paths are all the same long text.
    format::ModuleEntry entry{};
    entry.end = 1;
    entry.path = static_cast<format::StringRef>(sections[1].bytes.size());
    sections[1].bytes += std::string(kLongestText, 'x') + '\0';
    sections[4].bytes.clear();
    sections[4].count = 50'000;
    for (int i = 0; i < 50'000; ++i) {
      sections[4].bytes.append(reinterpret_cast<const char*>(&entry), sizeof(entry));
    }
  });
  CHECK_THAT(reason, Catch::Contains("too long together"));
}

TEST_CASE("modules and mappings that cannot be are refused") {
  CHECK_THAT(refusal([](auto& values) { values.modules[0].end = values.modules[0].start; }),
             Catch::Contains("module 0"));
  CHECK_THAT(refusal([](auto& values) { values.modules[0].build_id.resize(21); }),
             Catch::Contains("module 0"));
  CHECK_THAT(refusal([](auto& values) {
               values.modules[0].first_node = 2;
               values.modules[0].end_node = 1;
             }),
             Catch::Contains("module 0"));
  CHECK_THAT(refusal([](auto& values) { values.mappings[0].end = 0x555555550001; }),
             Catch::Contains("overlap"));
}

TEST_CASE("a hundred thousand damaged files crash nothing") {
  const std::string valid = test::write_snapshot(some_values());
  std::mt19937_64 random(20261123);
  size_t refused = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = valid;
    for (uint64_t changes = 1 + random() % 6; changes > 0; --changes) {
      const size_t at = random() % bytes.size();
      constexpr unsigned char kSharp[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
      bytes[at] = static_cast<char>(random() % 2 != 0 ? kSharp[random() % 5] : random());
    }
    test::mend_checksums(bytes);
    refused += refusal(bytes).empty() ? 0 : 1;
  }
  CHECK(refused > 10'000);
}

}  // namespace
}  // namespace silt::read
