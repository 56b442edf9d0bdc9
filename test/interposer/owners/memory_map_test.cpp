// SPDX-License-Identifier: Apache-2.0
//
// The list of a process's memory: read from a text as the kernel writes it, found by address.

#include "interposer/owners/memory_map.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <string>

namespace silt::owners {
namespace {

struct TextFile {
  std::string path = "/tmp/silt_memory_map_test." + std::to_string(getpid());
  explicit TextFile(const std::string& text) {
    FILE* const file = std::fopen(path.c_str(), "w");
    REQUIRE(file != nullptr);
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  ~TextFile() { std::remove(path.c_str()); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
};

const char* const kText =
    "1000-3000 r-xp 00002000 fd:01 77   /bin/program\n"
    "3000-4000 rw-p 00004000 fd:01 77   /bin/program\n"
    "4000-6000 rw-p 00000000 00:00 0    [heap]\n"
    "6000-7000 r--p 00000000 00:00 0\n"
    "9000-a000 ---p 00000000 00:00 0\n"
    "a000-b000 rw-s 00000000 00:05 9    /dev/zero (deleted)\n";

}  // namespace

TEST_CASE("areas have what their lines say") {
  const TextFile file(kText);
  const auto map = std::make_unique<MemoryMap>();
  REQUIRE(map->read(file.path.c_str()));
  REQUIRE(map->count() == 6);
  const Area& code = map->at(0);
  CHECK(code.start == 0x1000);
  CHECK(code.end == 0x3000);
  CHECK(code.offset == 0x2000);
  CHECK((code.readable && !code.writable && code.is_private && code.of_file));
  CHECK(std::string(code.path) == "/bin/program");
  CHECK(map->at(1).path == code.path);  // kept once
  CHECK(map->at(2).is_plain());
  CHECK(std::string(map->at(2).path) == "[heap]");
  CHECK_FALSE(map->at(4).readable);
  CHECK_FALSE(map->at(5).is_private);
}

TEST_CASE("an address is found in the area that holds it, and in no gap") {
  const TextFile file(kText);
  const auto map = std::make_unique<MemoryMap>();
  REQUIRE(map->read(file.path.c_str()));
  for (const uint64_t address : {0x1000, 0x2fff, 0x3000, 0x5000, 0x9fff, 0xafff}) {
    const Area* const area = map->find(address);
    REQUIRE(area != nullptr);
    CHECK((area->start <= address && address < area->end));
  }
  for (const uint64_t address : {0x0, 0xfff, 0x7000, 0x8fff, 0xb000}) {
    CHECK(map->find(address) == nullptr);
  }
}

TEST_CASE("a range may be read where all of it is memory of the process's own") {
  const TextFile file(kText);
  const auto map = std::make_unique<MemoryMap>();
  REQUIRE(map->read(file.path.c_str()));
  CHECK(map->readable(0x4000, 0x7000));
  CHECK_FALSE(map->readable(0x3fff, 0x4001));  // of a file: it may be shorter by now
  CHECK_FALSE(map->readable(0x6000, 0x7001));
  CHECK_FALSE(map->readable(0x9000, 0x9001));
}

TEST_CASE("without a list, or with an empty one, there is no map") {
  const TextFile empty("");
  CHECK_FALSE(std::make_unique<MemoryMap>()->read(empty.path.c_str()));
  CHECK_FALSE(std::make_unique<MemoryMap>()->read("/proc/self/no_such_file"));
}

}  // namespace silt::owners
