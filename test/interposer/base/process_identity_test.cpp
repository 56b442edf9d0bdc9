// SPDX-License-Identifier: Apache-2.0
//
// A child that shares the memory is told from one that is a copy, whatever made it.

#include "interposer/base/process_identity.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "interposer/base/spin_lock.h"

#ifndef __SANITIZE_THREAD__  // which does not know of children made by raw clones

namespace silt::base {
namespace {

int status_of(long child) {
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(waitpid(static_cast<pid_t>(child), &status, 0) == child);
  return status;
}

long raw_clone() { return syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); }

}  // namespace

TEST_CASE("a process is its own, and stays so") {
  remember_process();
  const uint32_t number = process_number();
  CHECK(number != 0);
  CHECK(in_own_process());
  CHECK(process_number() == number);
}

TEST_CASE("a raw clone becomes a process of its own, once") {
  remember_process();
  const uint32_t number = process_number();
  const long child = raw_clone();
  if (child == 0) {
    const bool own = in_own_process() && in_own_process() && process_number() == number + 1;
    _exit(own ? 0 : 1);
  }
  CHECK(status_of(child) == 0);
  CHECK(process_number() == number);
}

TEST_CASE("a child that shares the memory is not its own") {
  remember_process();
  static volatile bool own = true;
  const pid_t child = vfork();
  if (child == 0) {
    own = in_own_process();
    _exit(0);
  }
  CHECK(status_of(child) == 0);
  CHECK_FALSE(own);
  CHECK(in_own_process());
}

TEST_CASE("a lock whose holder was not copied is taken over, and known to be") {
  remember_process();
  static constinit SpinLock lock{};
  lock.lock();
  const long child = raw_clone();
  if (child == 0) {
    lock.lock();
    const bool right = lock.was_abandoned() && !lock.try_lock();
    lock.unlock();
    _exit(right && lock.try_lock() ? 0 : 1);
  }
  CHECK(status_of(child) == 0);
  CHECK_FALSE(lock.was_abandoned());
  lock.unlock();
}

}  // namespace silt::base

#endif
