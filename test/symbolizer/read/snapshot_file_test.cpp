// SPDX-License-Identifier: Apache-2.0
//
// One damaged file after the other: each must be refused for its own reason, and none may crash.

#include "symbolizer/read/snapshot_file.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "test/symbolizer/read/damaged_snapshot.h"

namespace silt::read {
namespace {

constexpr size_t kTable = sizeof(format::FileHeader);

TEST_CASE("what was written reads back") {
  const std::string bytes = test::write_snapshot(some_values());
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file.ok());
  CHECK(file->meta().pid == 7);
  const auto nodes = file->nodes(file->node_bytes().value());
  REQUIRE(nodes.ok());
  REQUIRE(nodes->size() == 5);
  CHECK((*nodes)[NodeId{2}].pc == 0x7ffff7a00000);
  CHECK((*nodes)[NodeId{3}].parent == NodeId{1});
  const auto rows = file->stack_rows();
  REQUIRE(rows.ok());
  REQUIRE(rows->rows.size() == 2);
  CHECK(rows->rows[0].live_blocks == 4);
  CHECK(rows->rows[0].live_bytes == 528);
  CHECK(rows->rows[1].node == NodeId{4});
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
  CHECK(refusal_with<uint32_t>(8, 4) == "has format version 4, this silt reads versions 1 to 3");
  CHECK(refusal_with<uint32_t>(8, 3) == "is corrupt: its sections are not those of its version");
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
