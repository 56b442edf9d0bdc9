// SPDX-License-Identifier: Apache-2.0
//
// Who is whose parent, and how an end and a log read in a message.

#include "symbolizer/soak/processes.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "symbolizer/process/family.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::soak {
namespace {

// Runs `become` to its end.
int status_of_child(const test::TemporaryFolder& folder, const std::function<void()>& become) {
  ChildSetup setup;
  setup.log = (folder.path() / "log").native();
  sigemptyset(&setup.signal_mask);
  const Result<Child> child = start_child(setup, become);
  REQUIRE(child);
  int status = 0;
  REQUIRE(waitpid(child->pid, &status, 0) == child->pid);
  return status;
}

TEST_CASE("an end is told by status or signal") {
  const test::TemporaryFolder folder;
  CHECK(end_text(status_of_child(folder, [] { _exit(3); })) == "with status 3");
  CHECK(end_text(status_of_child(folder, [] { raise(SIGKILL); })) == "by signal SIGKILL");
}

TEST_CASE("a child is found among children and descendants, and can be left out") {
  int gate[2];
  REQUIRE(pipe(gate) == 0);
  ChildSetup setup;
  sigemptyset(&setup.signal_mask);
  const Result<Child> child = start_child(setup, [&gate] {
    close(gate[1]);
    char byte = 0;
    _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
  });
  REQUIRE(child);
  const auto has = [&](const std::vector<pid_t>& pids) {
    return std::count(pids.begin(), pids.end(), child->pid) == 1;
  };
  CHECK(has(process::children_of(getpid())));
  CHECK(has(process::descendants_of(getpid(), {})));
  CHECK(has(process::descendants_of(getppid(), {})));
  CHECK_FALSE(has(process::descendants_of(getpid(), {child->pid})));
  CHECK_FALSE(has(process::descendants_of(child->pid, {})));
  close(gate[1]);
  int status = 0;
  REQUIRE(waitpid(child->pid, &status, 0) == child->pid);
  close(gate[0]);
  CHECK(status == 0);
}

TEST_CASE("the last lines of a log cannot move the cursor") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "log").native();
  CHECK(last_lines(path, 3).empty());
  std::ofstream(path) << "one\ntwo\nthree\n\033[2Jfour";
  CHECK(last_lines(path, 2) == "  | three\n  | \\x1b[2Jfour\n");
  CHECK(last_lines(path, 9).substr(0, 8) == "  | one\n");
}

}  // namespace
}  // namespace silt::soak
