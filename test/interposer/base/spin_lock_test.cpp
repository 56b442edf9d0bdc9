// SPDX-License-Identifier: Apache-2.0
//
// The spin lock: one holder at a time, and no signal handler meanwhile. (What becomes of it in a
// child that was made by a raw clone is tested end to end, by test_process_life.py.)

#include "interposer/base/spin_lock.h"

#include <pthread.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace silt::base {

TEST_CASE("what several threads add under the lock is all there") {
  SpinLock lock;
  uint64_t sum = 0;  // no atomic: the lock orders the additions
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const SpinGuard guard(lock);
        ++sum;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sum == 20'000);
  CHECK_FALSE(lock.was_abandoned());
}

TEST_CASE("a lock that is held cannot be taken, and can when it was given back") {
  SpinLock lock;
  REQUIRE(lock.try_lock());
  CHECK_FALSE(lock.try_lock());
  lock.unlock();
  CHECK(lock.try_lock());
  lock.unlock();
}

bool is_blocked() {
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, nullptr, &set);
  return sigismember(&set, SIGUSR1) == 1;
}

TEST_CASE("no signal handler runs while a guard lives, and signals are as before afterwards") {
  SpinLock lock;
  CHECK_FALSE(is_blocked());
  {
    const SpinGuard guard(lock);
    CHECK(is_blocked());
  }
  CHECK_FALSE(is_blocked());
}

TEST_CASE("between locked sections of one stretch signals stay blocked, and the lock is free") {
  SpinLock lock;
  {
    LazilyBlockedSignals blocked;
    CHECK_FALSE(is_blocked());
    for (int i = 0; i < 2; ++i) {
      const SpinGuardWithin guard(blocked, lock);
      CHECK(is_blocked());
      CHECK_FALSE(lock.try_lock());
    }
    CHECK(is_blocked());
    CHECK(lock.try_lock());
    lock.unlock();
    blocked.restore();
    CHECK_FALSE(is_blocked());
    const SpinGuardWithin guard(blocked, lock);
    CHECK(is_blocked());
  }
  CHECK_FALSE(is_blocked());
  CHECK(lock.try_lock());
  lock.unlock();
}

}  // namespace silt::base
