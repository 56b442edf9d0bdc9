// SPDX-License-Identifier: Apache-2.0
//
// Allocation at the edges of a thread's and a program's life: before main, in destructors of
// thread-local objects, in destructors of pthread keys (after which thread-local storage of others
// may be gone), in atexit functions, and in destructors of globals. Blocks freed by another thread
// after their allocator's end count as freed.

#include <pthread.h>

#include <memory>
#include <thread>
#include <vector>

#include "test/programs/truth.h"

namespace {

void* from_ended_thread = nullptr;

VICTIM_FRAME void leak_before_main() {
  void* block = malloc(4201);
  VICTIM_KEEP(block);
}

[[gnu::constructor(101)]] void early() {
  for (int i = 0; i < 5; ++i) leak_before_main();
}

VICTIM_FRAME void leak_in_thread_local() {
  void* block = malloc(4211);
  VICTIM_KEEP(block);
}

struct ThreadLocal {
  std::unique_ptr<int[]> storage = std::make_unique<int[]>(1000);
  ~ThreadLocal() { leak_in_thread_local(); }
};
thread_local ThreadLocal thread_local_object;

pthread_key_t key;

VICTIM_FRAME void leak_in_key() {
  void* block = malloc(4217);
  VICTIM_KEEP(block);
}

// Asks to be called again, as often as the system does.
int key_calls = 0;
void destroy_key(void* value) {
  leak_in_key();
  if (++key_calls % 3 != 0) pthread_setspecific(key, value);
}

VICTIM_FRAME void allocate_for_later() {
  from_ended_thread = malloc(4219);
  VICTIM_KEEP(from_ended_thread);
}

VICTIM_FRAME void leak_at_exit() {
  void* block = malloc(4229);
  VICTIM_KEEP(block);
}

struct Global {
  ~Global() { leak_at_exit(); }
};
Global global_object;

}  // namespace

int main() {
  VICTIM_CHECK(pthread_key_create(&key, destroy_key) == 0);
  for (int i = 0; i < 20; ++i) {
    std::thread([] {
      thread_local_object.storage[0] = 1;
      pthread_setspecific(key, &key);
      allocate_for_later();
    }).join();
    free(from_ended_thread);
  }
  atexit([] { leak_at_exit(); });
  expect_blocks("leak_before_main", 5, 4201, 0);
  expect_blocks("leak_in_thread_local", 20, 4211, 0);
  expect_blocks("leak_in_key", 60, 4217, 0);
  expect_blocks("allocate_for_later", 20, 4219, 20);
  ready("done");
  return 0;
}
