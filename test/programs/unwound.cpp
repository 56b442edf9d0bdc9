// SPDX-License-Identifier: Apache-2.0
//
// Frames of silt's hooks that never return: exceptions thrown out of every form of operator new by
// a new-handler, threads that are cancelled while they wait in a hook, threads that leave by
// pthread_exit. Recording goes on as if the call had returned.

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <new>

#include "test/programs/truth.h"

namespace {

constexpr auto kAlign = std::align_val_t{128};
volatile size_t huge = SIZE_MAX / 4;

struct Refused {
  int number;
};
void refuse() { throw Refused{42}; }

VICTIM_FRAME void leak_after_throw(int depth) {
  if (depth > 0) {
    leak_after_throw(depth - 1);
  } else {
    void* block = malloc(6101);
    VICTIM_KEEP(block);
  }
  VICTIM_STAY();
}

template <typename Call>
VICTIM_FRAME void throws(Call call) {
  bool caught = false;
  try {
    void* block = call();
    VICTIM_KEEP(block);
  } catch (const Refused& refused) {
    caught = refused.number == 42;
  }
  VICTIM_CHECK(caught);
  leak_after_throw(0);  // no deeper than the hook that was left
  leak_after_throw(30);
}

template <typename Call>
VICTIM_FRAME void returns_null(Call call) {
  void* block = call();
  VICTIM_CHECK(block == nullptr);
  leak_after_throw(0);
  leak_after_throw(30);
}

void throw_through_every_operator() {
  std::set_new_handler(refuse);
  throws([] { return ::operator new(huge); });
  throws([] { return ::operator new[](huge); });
  throws([] { return ::operator new(huge, kAlign); });
  throws([] { return ::operator new[](huge, kAlign); });
  returns_null([] { return ::operator new(huge, std::nothrow); });
  returns_null([] { return ::operator new[](huge, std::nothrow); });
  returns_null([] { return ::operator new(huge, kAlign, std::nothrow); });
  returns_null([] { return ::operator new[](huge, kAlign, std::nothrow); });
  std::set_new_handler(nullptr);
}

std::atomic<int> waiting{0};
std::atomic<int> cleaned{0};

struct Cleanup {
  ~Cleanup() {
    ++cleaned;
    leak_after_throw(3);
  }
};

void* wait_to_be_cancelled(void*) {
  const Cleanup cleanup;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ++waiting;
  for (;;) {
    int number = 0;
    sigwait(&set, &number);
  }
}

void* exit_deep_inside(void*) {
  const Cleanup cleanup;
  leak_after_throw(2);
  pthread_exit(nullptr);
}

}  // namespace

int main() {
  constexpr int kRounds = 50;
  for (int i = 0; i < kRounds; ++i) throw_through_every_operator();
  for (int i = 0; i < kRounds; ++i) {
    pthread_t threads[2];
    VICTIM_CHECK(pthread_create(&threads[0], nullptr, wait_to_be_cancelled, nullptr) == 0);
    VICTIM_CHECK(pthread_create(&threads[1], nullptr, exit_deep_inside, nullptr) == 0);
    while (waiting.load() <= i) {
    }
    VICTIM_CHECK(pthread_cancel(threads[0]) == 0);
    void* result = nullptr;
    VICTIM_CHECK(pthread_join(threads[0], &result) == 0 && result == PTHREAD_CANCELED);
    VICTIM_CHECK(pthread_join(threads[1], nullptr) == 0);
  }
  VICTIM_CHECK(cleaned.load() == 2 * kRounds);
  expect_blocks("leak_after_throw", kRounds * (8 * 2 + 3), 6101, 0);
  ready("done");
  return 0;
}
