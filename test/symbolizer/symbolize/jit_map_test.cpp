// SPDX-License-Identifier: Apache-2.0
//
// Overlaps, and lines that make no sense.

#include "symbolizer/symbolize/jit_map.h"

#include <catch2/catch.hpp>
#include <random>
#include <sstream>
#include <utility>
#include <vector>

namespace silt::symbolize {
namespace {

TEST_CASE("an address is named by the entry around it") {
  const JitMap map("1000 10 f\n2000 20 g with spaces\n");
  CHECK(map.find(MemoryAddress{0xfff}).empty());
  CHECK(map.find(MemoryAddress{0x1000}) == "f");
  CHECK(map.find(MemoryAddress{0x100f}) == "f");
  CHECK(map.find(MemoryAddress{0x1010}).empty());
  CHECK(map.find(MemoryAddress{0x2010}) == "g with spaces");
  CHECK(map.find(MemoryAddress{UINT64_MAX}).empty());
}

TEST_CASE("a later entry holds where it overlaps an earlier one, and only there") {
  const JitMap map("1000 100 old\n1040 20 new\n");
  CHECK(map.find(MemoryAddress{0x103f}) == "old");
  CHECK(map.find(MemoryAddress{0x1040}) == "new");
  CHECK(map.find(MemoryAddress{0x105f}) == "new");
  CHECK(map.find(MemoryAddress{0x1060}) == "old");
}

TEST_CASE("a later larger entry hides an earlier smaller one") {
  const JitMap map("1040 20 old\n1000 100 new\n");
  CHECK(map.find(MemoryAddress{0x1050}) == "new");
}

TEST_CASE("lines that make no sense and a last line cut short are left out") {
  const JitMap map(
      "\n"
      "zzz 10 f\n"
      "1000 f\n"
      "1000 0 nothing\n"
      "1000 10 \n"
      "fffffffffffffff0 20 beyond\n"
      "fffffffffffffffffffff 10 huge\n"
      "0x2000 0x10 prefixed\n"
      "3000 10 cut");
  CHECK(map.find(MemoryAddress{0x1000}).empty());
  CHECK(map.find(MemoryAddress{0xfffffffffffffff8}).empty());
  CHECK(map.find(MemoryAddress{0x2008}) == "prefixed");
  CHECK(map.find(MemoryAddress{0x3008}).empty());
}

TEST_CASE("an empty map names nothing") {
  CHECK(JitMap().find(MemoryAddress{}).empty());
  CHECK(JitMap("").empty());
}

TEST_CASE("the code that lay at an address when a node was made is found") {
  const JitMap map(
      "# nodes 10\n1000 100 first\n# nodes 20\n1000 80 second\n# nodes 30\n1040 100 third\n");
  const auto name_at = [&map](uint64_t address, uint32_t node) {
    const auto entry = map.find_entry(MemoryAddress{address}, node);
    return entry ? std::string(map.name(*entry)) : std::string();
  };
  CHECK(name_at(0x1050, 9) == "first");  // before any: the first there was
  CHECK(name_at(0x1050, 10) == "first");
  CHECK(name_at(0x1050, 20) == "second");
  CHECK(name_at(0x1050, 29) == "second");
  CHECK(name_at(0x1050, 30) == "third");
  CHECK(name_at(0x1010, 40) == "second");
  CHECK(name_at(0x10f0, 25) == "first");
  CHECK(name_at(0x1130, 5) == "third");
  CHECK(name_at(0x1140, 50).empty());
  CHECK(name_at(0xfff, 50).empty());
}

TEST_CASE("without times the latest code at an address is found for every node") {
  const JitMap map("1000 100 old\n1040 20 new\n");
  CHECK(map.name(*map.find_entry(MemoryAddress{0x1050}, 1)) == "new");
  CHECK(map.name(*map.find_entry(MemoryAddress{0x1050}, 1000)) == "new");
}

TEST_CASE("lines about nodes that make no sense change nothing") {
  const JitMap map("# nodes 20\n1000 10 f\n# nodes x\n# nodes 5\n# nodes 30 \n1000 10 g\n");
  CHECK(map.name(*map.find_entry(MemoryAddress{0x1000}, 20)) == "g");
}

TEST_CASE("find_entry agrees with a search of all entries") {
  std::mt19937 random(7);
  const auto below = [&random](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  for (int round = 0; round < 50; ++round) {
    struct Entry {
      uint64_t start, end;
      uint32_t nodes;
    };
    std::vector<Entry> entries;
    std::ostringstream text;
    uint32_t nodes = 0;
    for (int i = 0; i < 60; ++i) {
      if (below(3) == 0) text << "# nodes " << (nodes += below(5)) << '\n';
      const uint64_t start = 0x1000 + below(200), size = 1 + below(40);
      entries.push_back({start, start + size, nodes});
      text << std::hex << start << ' ' << size << std::dec << " e" << i << '\n';
    }
    const JitMap map(text.str());
    for (int i = 0; i < 300; ++i) {
      const uint64_t address = 0x0ff0 + below(280);
      const uint32_t node = below(nodes + 5);
      std::string expected;
      for (size_t e = 0; e < entries.size(); ++e) {
        const bool covers = entries[e].start <= address && address < entries[e].end;
        if (covers && (expected.empty() || entries[e].nodes <= node)) {
          expected = "e" + std::to_string(e);
        }
      }
      const auto found = map.find_entry(MemoryAddress{address}, node);
      CHECK((found ? std::string(map.name(*found)) : std::string()) == expected);
    }
  }
}

TEST_CASE("cutting into pieces agrees with looking through all lines from the end") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    struct Line {
      uint64_t start, size;
    };
    std::vector<Line> lines;
    std::ostringstream text;
    for (int i = 0; i < 40; ++i) {
      lines.push_back({random() % 256, 1 + random() % 64});
      text << std::hex << lines.back().start << ' ' << lines.back().size << ' ' << std::dec << i
           << '\n';
    }
    const JitMap map(text.str());
    for (uint64_t address = 0; address < 330; ++address) {
      std::string expected;
      for (size_t i = 0; i < lines.size(); ++i) {
        if (address >= lines[i].start && address < lines[i].start + lines[i].size) {
          expected = std::to_string(i);
        }
      }
      REQUIRE(map.find(MemoryAddress{address}) == expected);
    }
  }
}

using Positions = std::vector<std::pair<uint64_t, uint64_t>>;

Positions positions_of(const JitMap& map, uint32_t entry) {
  std::vector<std::pair<uint64_t, uint64_t>> all;
  for (const auto& position : map.positions(entry)) {
    all.emplace_back(position.code_offset, position.script_offset);
  }
  return all;
}

TEST_CASE("a line of positions belongs to the entry before it") {
  const JitMap map(
      "# positions 0+1\n"
      "1000 100 JS:*f\n# positions 0+56 2f-2d 25+7\n"
      "2000 80 JS:^f\n"
      "3000 100 JS:*f\n"  // the first, which was moved
      "4000 10 JS:*g\n# positions 0+5 9+1 8+1\n");
  CHECK(positions_of(map, 0) == Positions{{0, 0x56}, {0x2f, 0x29}, {0x54, 0x30}});
  CHECK(positions_of(map, 1).empty());
  CHECK(positions_of(map, 2) == positions_of(map, 0));
  CHECK(positions_of(map, 3) == Positions{{0, 5}, {9, 6}});  // the last is not in the code
  CHECK(map.offset_in(0, MemoryAddress{0x1010}) == 0x10);
}

TEST_CASE("a last offset without a place is where what is told ends") {
  const JitMap map(
      "1000 100 JS:~f /a.js:1:2\n# positions 0+5 9+1 8\n"
      "2000 100 JS:~f /a.js:1:2\n"
      "3000 100 JS:~f /a.js:1:2\n# positions 8\n");
  CHECK(positions_of(map, 0) == Positions{{0, 5}, {9, 6}, {0x11, JitMap::kNowhere}});
  CHECK(positions_of(map, 1).empty());  // byte code of one name may be another function's
  CHECK(positions_of(map, 2) == Positions{{8, JitMap::kNowhere}});
}

}  // namespace
}  // namespace silt::symbolize
