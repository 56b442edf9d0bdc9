// SPDX-License-Identifier: Apache-2.0
//
// A tree of the processes that matter, out of all parents there are.

#include "symbolizer/process/recorded_processes.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::process {
namespace {

std::vector<std::pair<pid_t, size_t>> tree(const std::vector<pid_t>& pids,
                                           const std::vector<Parented>& all) {
  std::vector<std::pair<pid_t, size_t>> placed;
  for (const Placed& one : as_tree(pids, all)) placed.emplace_back(one.pid, one.depth);
  return placed;
}

TEST_CASE("children stand below their parent, siblings by pid") {
  CHECK(tree({30, 10, 20, 21}, {{10, 1}, {20, 10}, {21, 10}, {30, 20}}) ==
        std::vector<std::pair<pid_t, size_t>>{{10, 0}, {20, 1}, {30, 2}, {21, 1}});
}

TEST_CASE("what is between two that are listed is passed over") {
  CHECK(tree({10, 30}, {{10, 1}, {20, 10}, {25, 20}, {30, 25}}) ==
        std::vector<std::pair<pid_t, size_t>>{{10, 0}, {30, 1}});
}

TEST_CASE("a process whose parents are not known stands for itself") {
  CHECK(tree({7, 8}, {{8, 99}}) == std::vector<std::pair<pid_t, size_t>>{{7, 0}, {8, 0}});
}

TEST_CASE("parents that were read at different moments may be a ring, which ends") {
  CHECK(tree({5}, {{5, 6}, {6, 7}, {7, 6}}) == std::vector<std::pair<pid_t, size_t>>{{5, 0}});
}

TEST_CASE("commands lose the folder of their program and nothing else") {
  using namespace std::string_literals;
  CHECK(command_line("/usr/bin/node\0/srv/app.js\0-x\0"s) == "node /srv/app.js -x");
  CHECK(command_line("nginx: worker process /etc/nginx\0\0\0"s) ==
        "nginx: worker process /etc/nginx");
  CHECK(command_line("") == "");
  CHECK(command_line(" /x") == " /x");
}

}  // namespace
}  // namespace silt::process
