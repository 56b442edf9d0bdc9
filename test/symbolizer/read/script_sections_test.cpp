// SPDX-License-Identifier: Apache-2.0
//
// Managed heaps of a snapshot, whole and damaged.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <functional>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/snapshot_writer.h"

namespace silt::read {
namespace {

using test::SnapshotValues;

SnapshotValues two_heaps() {
  SnapshotValues values;
  values.nodes = {{0, 0x5000}};
  values.managed_heaps.resize(2);
  values.managed_heaps[1].thread_id = 3;
  values.managed_heaps[1].heap_used_bytes = 1000;
  values.script_frames = {{"main", "file:///app.js", 1, 1}, {"", "node:internal/timers", 7, 0}};
  values.script_nodes = {{0, 0}, {1, 1}, {1, 0}};
  values.script_rows = {{0, 2, {{0, 1, 3, 60}, {4, 2, 9, 400}}}, {1, 1, {{9, 1, 1, 8}}}};
  return values;
}

Result<ScriptHeaps> read_back(const SnapshotValues& values) {
  const std::string bytes = test::write_snapshot(values);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file.ok());
  return file->script_heaps();
}

std::string refusal(const std::function<void(SnapshotValues&)>& change) {
  SnapshotValues values = two_heaps();
  change(values);
  auto heaps = read_back(values);
  return heaps ? "" : heaps.error().message;
}

TEST_CASE("managed heaps read back as they were written") {
  const auto heaps = read_back(two_heaps());
  REQUIRE(heaps.ok());
  REQUIRE(heaps->managed_heaps.size() == 2);
  CHECK(heaps->managed_heaps[1].thread_id == 3);
  CHECK(heaps->managed_heaps[1].heap_used_bytes == 1000);
  REQUIRE(heaps->frames.size() == 2);
  CHECK(heaps->frames[1].file == "node:internal/timers");
  CHECK(heaps->frames[1].line == 7);
  REQUIRE(heaps->nodes.size() == 4);
  CHECK(heaps->nodes[2].parent == 1);
  CHECK(heaps->nodes[2].frame == 1);
  REQUIRE(heaps->rows.size() == 2);
  CHECK(heaps->rows[0].samples == 3);
  CHECK(heaps->rows[0].live_blocks == 12);
  CHECK(heaps->rows[0].live_bytes == 460);
  CHECK(heaps->rows[1].managed_heap == 1);
  CHECK(heaps->generations.size() == 3);
}

TEST_CASE("what the objects of managed heaps are reads back too, and whose code their frames are") {
  SnapshotValues values = two_heaps();
  values.heaps_of = "jvm";
  values.script_types = {
      {0, 2, {"byte[]", 9, 400}}, {0, 2, {"Cart", 3, 60}}, {1, 1, {"Cart", 1, 8}}};
  const auto heaps = read_back(values);
  REQUIRE(heaps.ok());
  REQUIRE(heaps->types.size() == 3);
  CHECK(heaps->types[1].node == 2);
  CHECK(heaps->types[1].count.name == "Cart");
  CHECK(heaps->types[1].count.objects == 3);
  CHECK(heaps->types[2].managed_heap == 1);
  CHECK(heaps->types[2].count.bytes == 8);
  CHECK(heaps->frames[0].kind == ScriptKind::kJava);
  CHECK(read_back(two_heaps())->frames[0].kind == ScriptKind::kJavaScript);
}

TEST_CASE("types of no heap or node, out of order or too large are refused") {
  const auto refused = [](const std::vector<test::ScriptTypeValues>& types) {
    return refusal([&types](auto& values) { values.script_types = types; });
  };
  CHECK_THAT(refused({{2, 1, {"Cart", 1, 8}}}), Catch::Contains("no heap, node or name"));
  CHECK_THAT(refused({{0, 0, {"Cart", 1, 8}}}), Catch::Contains("no heap, node or name"));
  CHECK_THAT(refused({{0, 4, {"Cart", 1, 8}}}), Catch::Contains("no heap, node or name"));
  CHECK_THAT(refused({{0, 2, {"Cart", 1, 8}}, {0, 1, {"Cart", 1, 8}}}),
             Catch::Contains("not in order"));
  CHECK_THAT(refused({{0, 2, {"Cart", 1, UINT64_MAX}}}), Catch::Contains("impossible"));
}

TEST_CASE("a snapshot without a runtime has no managed heaps") {
  SnapshotValues values;
  values.nodes = {{0, 0x5000}};
  const auto heaps = read_back(values);
  REQUIRE(heaps.ok());
  CHECK(heaps->managed_heaps.empty());
  CHECK(heaps->nodes.size() == 1);
  CHECK(heaps->rows.empty());
}

TEST_CASE("a managed heap of no runtime is refused") {
  CHECK_THAT(refusal([](auto& values) { values.managed_heaps[1].runtime = 1; }),
             Catch::Contains("no runtime"));
}

// Version 1 had shorter entries and did not name the runtime: it was always Node.js.
TEST_CASE("managed heaps of version 1 are Node.js's") {
  auto sections = test::sections_of(two_heaps());
  const auto is = [](format::SectionType type) {
    return [type](const auto& section) { return section.type == static_cast<uint32_t>(type); };
  };
  std::erase_if(sections, is(format::SectionType::kRuntimes));
  const auto heaps =
      std::find_if(sections.begin(), sections.end(), is(format::SectionType::kManagedHeaps));
  REQUIRE(heaps != sections.end());
  constexpr size_t kOld = format::kManagedHeapEntryBytesOfVersion1;
  heaps->bytes =
      heaps->bytes.substr(0, kOld) + heaps->bytes.substr(sizeof(format::ManagedHeapEntry), kOld);
  std::string bytes = test::assemble(sections);
  bytes[offsetof(format::FileHeader, version)] = 1;
  test::mend_checksums(bytes);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file.ok());
  const auto runtimes = file->runtimes();
  REQUIRE(runtimes.ok());
  REQUIRE(runtimes->size() == 1);
  CHECK(runtimes->front().name == "nodejs");
  const auto read = file->script_heaps();
  REQUIRE(read.ok());
  REQUIRE(read->managed_heaps.size() == 2);
  CHECK(read->managed_heaps[1].thread_id == 3);
  CHECK(read->managed_heaps[1].heap_used_bytes == 1000);
  CHECK(read->managed_heaps[1].runtime == 0);
}

TEST_CASE("managed nodes without frames or older parents are refused") {
  CHECK_THAT(refusal([](auto& values) { values.script_nodes[1].frame = 2; }),
             Catch::Contains("no frame"));
  CHECK_THAT(refusal([](auto& values) { values.script_nodes[1].parent = 2; }),
             Catch::Contains("not older"));
}

TEST_CASE("managed stacks of no heap, no node or out of order are refused") {
  const auto wrong = Catch::Contains("not in order");
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1].managed_heap = 2; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1].node = 4; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1].node = 0; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[0].managed_heap = 1; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1] = values.script_rows[0]; }), wrong);
}

TEST_CASE("figures of managed stacks that cannot be are refused") {
  constexpr uint64_t kHalf = uint64_t{1} << 62;
  const auto wrong = Catch::Contains("managed stack");
  CHECK_THAT(refusal([](auto& values) { values.script_rows[0].generations[1].code = 0; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[0].generations[1].code = 256; }), wrong);
  CHECK_THAT(refusal([](auto& values) {
               values.script_rows[0].generations[0].bytes = kHalf;
               values.script_rows[1].generations[0].bytes = kHalf;
             }),
             wrong);
  CHECK_THAT(refusal([](auto& values) { values.managed_heaps[0].heap_total_bytes = UINT64_MAX; }),
             Catch::Contains("managed heaps"));
}

TEST_CASE("counts of managed sections that do not fit their bytes are refused") {
  for (const size_t section : {11, 12}) {
    for (const int change : {-1, 1, 1 << 20}) {
      INFO(section << " " << change);
      auto sections = test::sections_of(two_heaps());
      sections[section].count = static_cast<uint32_t>(int(sections[section].count) + change);
      const std::string bytes = test::assemble(sections);
      auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
      REQUIRE(file.ok());
      CHECK_FALSE(file->script_heaps().ok());
    }
  }
}

}  // namespace
}  // namespace silt::read
