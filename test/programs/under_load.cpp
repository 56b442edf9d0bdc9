// SPDX-License-Identifier: Apache-2.0
//
// Four threads that allocate, free, and hand over as fast as they can until standard input ends,
// while snapshots are taken. At the end everything but a known number of blocks is free again.
// Prints the resident memory at each line read, so that snapshots can be seen to leak nothing.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "test/programs/truth.h"

namespace {

constexpr int kThreads = 4;
constexpr int kSlots = 256;

std::atomic<bool> stop{false};
std::atomic<void*> slots[kSlots];

VICTIM_FRAME void* allocate_slot(unsigned random) {
  void* block = malloc(16 + random % 3000);
  VICTIM_KEEP(block);
  return block;
}

VICTIM_FRAME void allocate_at(int depth, unsigned random) {
  if (depth > 0) {
    allocate_at(depth - 1, random);
  } else {
    free(slots[random % kSlots].exchange(allocate_slot(random), std::memory_order_acq_rel));
  }
  VICTIM_STAY();
}

void work(unsigned random) {
  while (!stop.load(std::memory_order_relaxed)) {
    random = random * 1664525u + 1013904223u;
    allocate_at(static_cast<int>(random >> 27), random >> 8);
  }
}

VICTIM_FRAME void leak_under_load() {
  void* block = malloc(4409);
  VICTIM_KEEP(block);
}

long resident_kib() {
  char text[128] = {};
  FILE* file = fopen("/proc/self/statm", "r");
  long resident = 0;
  VICTIM_CHECK(file != nullptr && fgets(text, sizeof text, file) != nullptr);
  VICTIM_CHECK(sscanf(text, "%*d %ld", &resident) == 1);
  fclose(file);
  return resident * 4;
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i + 1);
  for (int i = 0; i < 77; ++i) leak_under_load();
  char c = 0;
  victim_say("ready running\n", 14);
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    char text[64];
    victim_say(text,
               static_cast<size_t>(snprintf(text, sizeof text, "resident %ld\n", resident_kib())));
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  for (auto& slot : slots) free(slot.exchange(nullptr));
  expect_in("allocate_slot", "native", 0, 0, -1, -1);
  expect_blocks("leak_under_load", 77, 4409, 0);
  return 0;
}
