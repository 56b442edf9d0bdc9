// SPDX-License-Identifier: Apache-2.0
//
// The log of compiled code, as it ends up in a recording's perf map. One log for the process, so
// one test, in steps.

#include "interposer/node/jit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace silt::node {
namespace {

namespace fs = std::filesystem;

void add(uint64_t start, uint64_t size, const std::string& name) {
  add_code(start, size, name.data(), name.size());
}

TEST_CASE("compiled code is written once, in the order in which it appeared") {
  char pattern[] = "/tmp/silt-jit-log-XXXXXX";
  REQUIRE(mkdtemp(pattern) != nullptr);
  const fs::path folder = pattern;
  const int at = open(pattern, O_PATH | O_DIRECTORY);
  REQUIRE(at >= 0);
  const auto written = [&] {
    std::ifstream file(folder / ("perf-" + std::to_string(getpid()) + ".map"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  };

  CHECK_FALSE(write_code_names(at));
  CHECK(fs::is_empty(folder));

  add(0x1000, 0x80, "JS:~f /a.js:1:2");
  add(0x1000, 0x80, "JS:~f /a.js:1:2");  // nothing new
  add(0x2000, 0x40, "a name\nof two lines");
  add(0, 1, "nowhere");
  add(0x3000, 0, "nothing");
  CHECK(write_code_names(at));
  const std::string first = "1000 80 JS:~f /a.js:1:2\n2000 40 a name of two lines\n";
  CHECK(written() == first);
  CHECK(write_code_names(at));
  CHECK(written() == first);

  add(0x1000, 0x20, "JS:*g /a.js:9:1");  // the address is used again
  move_code(0x2000, 0x5000);
  move_code(0x7777, 0x8888);  // never heard of
  CHECK(write_code_names(at));
  const std::string second = first + "1000 20 JS:*g /a.js:9:1\n5000 40 a name of two lines\n";
  CHECK(written() == second);

  write_code_names_anew();
  fs::remove(folder / ("perf-" + std::to_string(getpid()) + ".map"));
  CHECK(write_code_names(at));
  CHECK(written() == second);

  std::string all = second;
  for (int i = 0; i < 20000; ++i) {
    std::stringstream line;
    line << std::hex << 0x100000 + i * 64 << " 40 " << std::string(i % 300, 'n') << i;
    add(0x100000 + i * 64, 0x40, line.str().substr(line.str().rfind(' ') + 1));
    all += line.str() + "\n";
  }
  CHECK(write_code_names(at));
  CHECK(written() == all);
  close(at);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace silt::node
