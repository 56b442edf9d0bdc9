// SPDX-License-Identifier: Apache-2.0
//
// A handle means one process, also when its pid has been given to another.

#include "symbolizer/process/handle.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

namespace silt::process {
namespace {

pid_t start_sleeper() {
  const pid_t pid = fork();
  if (pid == 0) {
    for (;;) pause();
  }
  return pid;
}

// A child with this very pid, or -1 where that takes more rights.
pid_t start_sleeper_as(pid_t wanted) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<uint64_t>(&wanted);
  arguments.set_tid_size = 1;
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid == 0) {
    for (;;) pause();
  }
  return static_cast<pid_t>(pid);
}

int end(pid_t pid) {
  kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a signal reaches the process of the handle") {
  const pid_t pid = start_sleeper();
  const ProcessHandle handle(pid);
  CHECK_FALSE(handle.has_ended());
  CHECK(handle.send(SIGUSR2, 7) == 0);  // which ends one that has no handler
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR2);
  CHECK(handle.has_ended());
  CHECK(handle.send(SIGUSR2, 7) == ESRCH);
}

TEST_CASE("a signal whose default is to be ignored harms no process without a handler") {
  const pid_t pid = start_sleeper();
  const ProcessHandle handle(pid);
  for (int i = 0; i < 100; ++i) CHECK(handle.send(SIGURG, 7) == 0);
  CHECK_FALSE(handle.has_ended());
  CHECK(WTERMSIG(end(pid)) == SIGKILL);
}

TEST_CASE("a process that was given the pid afterwards gets no signal") {
  const pid_t pid = start_sleeper();
  const ProcessHandle handle(pid);
  end(pid);
  const pid_t bystander = start_sleeper_as(pid);
  if (bystander < 0) {
    WARN("a pid cannot be chosen here: errno " << errno);
    return;
  }
  REQUIRE(bystander == pid);
  CHECK(handle.has_ended());
  CHECK(handle.send(SIGUSR2, 7) == ESRCH);
  int status = 0;
  CHECK(waitpid(bystander, &status, WNOHANG) == 0);
  CHECK(WTERMSIG(end(bystander)) == SIGKILL);
}

}  // namespace silt::process
