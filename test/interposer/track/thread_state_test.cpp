// SPDX-License-Identifier: Apache-2.0
//
// States of threads that have ended go to threads that begin, however the first ended.

#include "interposer/track/thread_state.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "interposer/base/process_identity.h"

namespace silt::track {
namespace {

// A thread tells its end to nobody: the kernel may know it a moment longer than a join waits.
void wait_until_gone(int32_t thread) {
  while (is_alive(thread)) std::this_thread::yield();
}

size_t count_states() {
  size_t count = 0;
  for (const ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    ++count;
  }
  return count;
}

int32_t acquire_and_end(std::set<ThreadState*>& states) {
  int32_t id = 0;
  std::thread([&] {
    id = static_cast<int32_t>(syscall(SYS_gettid));
    states.insert(acquire_thread_state(nullptr));
  }).join();
  return id;
}

}  // namespace

TEST_CASE("thousands of threads, one after the other, share a few states") {
  base::remember_process();
  std::set<ThreadState*> states;
  const size_t before = count_states();
  for (int i = 0; i < 500; ++i) wait_until_gone(acquire_and_end(states));
  CHECK(count_states() - before <= 3);
  CHECK(states.count(nullptr) == 0);
}

TEST_CASE("threads that run have states of their own") {
  base::remember_process();
  constexpr int kThreads = 40;
  std::latch all_have_one(kThreads);
  std::vector<ThreadState*> states(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      states[static_cast<size_t>(i)] = acquire_thread_state(nullptr);
      all_have_one.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::set<ThreadState*>(states.begin(), states.end()).size() == kThreads);
  CHECK(std::set<ThreadState*>(states.begin(), states.end()).count(nullptr) == 0);
}

TEST_CASE("a state belongs to its owner until that has ended") {
  base::remember_process();
  ThreadState* const own = acquire_thread_state(nullptr);
  CHECK(owner_of(*own) == static_cast<int32_t>(syscall(SYS_gettid)));
  std::set<ThreadState*> others;
  for (int i = 0; i < 100; ++i) wait_until_gone(acquire_and_end(others));
  CHECK(others.count(own) == 0);
}

TEST_CASE("waves of threads do not add up") {
  base::remember_process();
  constexpr int kThreads = 24;
  const size_t before = count_states();
  for (int wave = 0; wave < 20; ++wave) {
    std::latch all_have_one(kThreads);
    std::vector<ThreadState*> found(kThreads);
    std::vector<int32_t> ids(kThreads);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        ids[i] = static_cast<int32_t>(syscall(SYS_gettid));
        found[i] = acquire_thread_state(nullptr);
        all_have_one.arrive_and_wait();
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int32_t id : ids) wait_until_gone(id);
  }
  // Not as many for each wave, that is, and few more than there ever were at a time.
  CHECK(count_states() - before <= 2 * kThreads);
}

}  // namespace silt::track
