// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand short threads, a few at a time. Each allocates and frees; every hundredth leaks one
// block. State that is kept for a thread must be found again by later ones: the program says how
// much its memory grew over the second half.

#include <atomic>
#include <thread>
#include <vector>

#include "test/programs/truth.h"

namespace {

constexpr int kThreads = 10000;
constexpr int kAtOnce = 8;

VICTIM_FRAME void leak_in_thread() {
  void* block = malloc(4111);
  VICTIM_KEEP(block);
}

VICTIM_FRAME void pass_through_thread() {
  void* block = malloc(4127);
  VICTIM_KEEP(block);
  free(block);
}

long resident_pages() {
  char text[128] = {};
  FILE* file = fopen("/proc/self/statm", "r");
  long size = 0;
  long resident = 0;
  VICTIM_CHECK(file != nullptr && fgets(text, sizeof text, file) != nullptr);
  VICTIM_CHECK(sscanf(text, "%ld %ld", &size, &resident) == 2);
  fclose(file);
  return resident;
}

}  // namespace

int main() {
  long half = 0;
  for (int first = 0; first < kThreads; first += kAtOnce) {
    std::vector<std::thread> threads;
    for (int i = first; i < first + kAtOnce; ++i) {
      threads.emplace_back([i] {
        pass_through_thread();
        if (i % 100 == 0) leak_in_thread();
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (first == kThreads / 2) half = resident_pages();
  }
  const long grown_kib = (resident_pages() - half) * 4;
  VICTIM_CHECK(half > 0);
  VICTIM_CHECK(grown_kib < 4096);
  expect_blocks("leak_in_thread", kThreads / 100, 4111, 0);
  expect_blocks("pass_through_thread", kThreads, 4127, kThreads);
  ready("done");
  return 0;
}
