// SPDX-License-Identifier: Apache-2.0
//
// Overlaps, and lines that make no sense.

#include "symbolizer/symbolize/jit_map.h"

#include <catch2/catch.hpp>
#include <random>
#include <sstream>

namespace silt::symbolize {
namespace {

TEST_CASE("an address is named by the entry around it") {
  const JitMap map("1000 10 f\n2000 20 g with spaces\n");
  CHECK(map.find(0xfff).empty());
  CHECK(map.find(0x1000) == "f");
  CHECK(map.find(0x100f) == "f");
  CHECK(map.find(0x1010).empty());
  CHECK(map.find(0x2010) == "g with spaces");
  CHECK(map.find(UINT64_MAX).empty());
}

TEST_CASE("a later entry holds where it overlaps an earlier one, and only there") {
  const JitMap map("1000 100 old\n1040 20 new\n");
  CHECK(map.find(0x103f) == "old");
  CHECK(map.find(0x1040) == "new");
  CHECK(map.find(0x105f) == "new");
  CHECK(map.find(0x1060) == "old");
}

TEST_CASE("a later larger entry hides an earlier smaller one") {
  const JitMap map("1040 20 old\n1000 100 new\n");
  CHECK(map.find(0x1050) == "new");
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
  CHECK(map.find(0x1000).empty());
  CHECK(map.find(0xfffffffffffffff8).empty());
  CHECK(map.find(0x2008) == "prefixed");
  CHECK(map.find(0x3008).empty());
}

TEST_CASE("an empty map names nothing") {
  CHECK(JitMap().find(0).empty());
  CHECK(JitMap("").empty());
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
      REQUIRE(map.find(address) == expected);
    }
  }
}

}  // namespace
}  // namespace silt::symbolize
