// SPDX-License-Identifier: Apache-2.0
//
// A child of a fork keeps nothing of what was listed, and closes nothing that is somebody else's.

#include "interposer/base/open_files.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace silt::base {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

int open_null() {
  const long fd = open_listed(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  return static_cast<int>(fd);
}

// The exit status of a child that runs `child`.
template <typename Child>
int in_child(Child&& child) {
  hold_files_before_fork();
  const pid_t pid = fork();
  if (pid == 0) _exit(child());
  release_files_after_fork();
  int status = -1;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a child closes what its parent has open just now") {
  const int fd = open_null();
  CHECK(in_child([fd] {
          close_files_of_parent(true);
          return is_open(fd) ? 1 : 0;
        }) == 0);
  CHECK(is_open(fd));
  CHECK(close_listed(fd) == 0);
}

TEST_CASE("what was closed before is nothing to a child") {
  const int fd = open_null();
  CHECK(close_listed(fd) == 0);
  const int other = open("/dev/zero", O_RDONLY | O_CLOEXEC);  // the same number
  REQUIRE(other == fd);
  CHECK(in_child([other] {
          close_files_of_parent(true);
          return is_open(other) ? 0 : 1;
        }) == 0);
  close(other);
}

TEST_CASE("a late child leaves a number that the program has used again") {
  const int fd = open_null();
  CHECK(in_child([fd] {
          close(fd);
          const int other = open("/dev/zero", O_RDONLY | O_CLOEXEC);
          close_files_of_parent(false);
          return other == fd && is_open(other) ? 0 : 1;
        }) == 0);
  CHECK(close_listed(fd) == 0);
}

TEST_CASE("more files than there are places are opened and closed all the same") {
  int fds[40];
  for (int& fd : fds) fd = open_null();
  for (const int fd : fds) CHECK(close_listed(fd) == 0);
  for (const int fd : fds) CHECK_FALSE(is_open(fd));
}

TEST_CASE("failures are the kernel's answers") {
  CHECK(open_listed(AT_FDCWD, "/nowhere/at/all", O_RDONLY, 0) == -ENOENT);
  CHECK(close_listed(-1) == -EBADF);
}

}  // namespace
}  // namespace silt::base
