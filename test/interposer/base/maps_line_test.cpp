// SPDX-License-Identifier: Apache-2.0
//
// Lines of /proc/PID/maps: each field where the kernel writes it, and what is no such line.

#include "interposer/base/maps_line.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

namespace silt::base {

TEST_CASE("every field of a file's mapping is read") {
  MapsLine line;
  REQUIRE(parse_maps_line(
      "7f1c2a000000-7f1c2a021000 r-xp 00026000 fd:1a 1835009    /usr/lib/a b.so", &line));
  CHECK(line.start == 0x7f1c2a000000);
  CHECK(line.end == 0x7f1c2a021000);
  CHECK((line.readable && !line.writable && line.executable && line.is_private));
  CHECK(line.offset == 0x26000);
  CHECK(line.device == (uint64_t{0xfd} << 32 | 0x1a));
  CHECK(line.inode == 1835009);
  CHECK(std::string(line.path) == "/usr/lib/a b.so");
}

TEST_CASE("memory without a file has no inode, and a path of the kernel's or none") {
  MapsLine line;
  REQUIRE(parse_maps_line("55d0-55e0 rw-s 00000000 00:00 0 ", &line));
  CHECK((line.readable && line.writable && !line.executable && !line.is_private));
  CHECK(line.inode == 0);
  CHECK(line.device == 0);
  CHECK(std::string(line.path).empty());
  REQUIRE(parse_maps_line("55d0-55e0 ---p 00000000 00:00 0                 [heap]", &line));
  CHECK_FALSE((line.readable || line.writable || line.executable));
  CHECK(std::string(line.path) == "[heap]");
}

TEST_CASE("what follows a mapping in smaps, and what is cut too early, is no line of a mapping") {
  MapsLine line;
  for (const char* text : {"", "Rss:                 120 kB", "VmFlags: rd ex mr mw me", "55d0",
                           "-", "55d0-", "55d0-55e0", "55d0-55e0 rw-p", "55e0-55d0 rw-p 0 00:00 0",
                           "55d0-55d0 rw-p 0 00:00 0", "-55d0 rw-p 0 00:00 0"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_maps_line(text, &line));
  }
}

TEST_CASE("a line that was cut behind its permissions has nothing else") {
  MapsLine line;
  REQUIRE(parse_maps_line("55d0-55e0 rw-p ", &line));
  CHECK(line.offset == 0);
  CHECK(line.inode == 0);
  CHECK(std::string(line.path).empty());
}

TEST_CASE("every line of this process's own list is understood, in order") {
  std::ifstream list("/proc/self/maps");
  std::string text;
  uint64_t last = 0;
  int lines = 0;
  bool own_code = false;
  const auto here = reinterpret_cast<uint64_t>(&parse_maps_line);
  while (std::getline(list, text)) {
    MapsLine line;
    CAPTURE(text);
    REQUIRE(parse_maps_line(text.c_str(), &line));
    CHECK(line.start >= last);
    CHECK(line.end > line.start);
    last = line.end;
    ++lines;
    if (here >= line.start && here < line.end) own_code = line.executable && line.inode != 0;
  }
  CHECK(lines > 3);
  CHECK(own_code);
}

}  // namespace silt::base
