// SPDX-License-Identifier: Apache-2.0
//
// Eight threads that allocate, keep, free, hand blocks to each other to free, and end. Every number
// is known: live and cumulative must be right to the unit.

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "test/programs/truth.h"

namespace {

constexpr int kThreads = 8;
constexpr int kKept = 1000;
constexpr int kTemporary = 50000;
constexpr int kPassed = 5000;

std::atomic<void*> mailboxes[kThreads];

VICTIM_FRAME void allocate_kept() {
  void* block = malloc(1009);
  VICTIM_KEEP(block);
}

VICTIM_FRAME void allocate_temporary() {
  void* block = malloc(523);
  VICTIM_KEEP(block);
  free(block);
}

VICTIM_FRAME void* allocate_passed() {
  void* block = malloc(307);
  VICTIM_KEEP(block);
  return block;
}

// Each box holds at most one block, put in by one thread and freed by whoever finds it.
VICTIM_FRAME void pass_around(int self) {
  for (int i = 0; i < kPassed; ++i) {
    void* block = allocate_passed();
    std::atomic<void*>& box = mailboxes[(self + i) % kThreads];
    free(box.exchange(block, std::memory_order_acq_rel));
  }
}

VICTIM_FRAME void work(int self) {
  for (int i = 0; i < kKept; ++i) allocate_kept();
  for (int i = 0; i < kTemporary; ++i) allocate_temporary();
  pass_around(self);
  VICTIM_STAY();
}

}  // namespace

// usage: exact_counts [THREADS]
int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : kThreads;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  ready("running");
  for (std::thread& thread : threads) thread.join();
  for (auto& box : mailboxes) free(box.exchange(nullptr));
  expect_blocks("allocate_kept", count * kKept, 1009, 0);
  expect_blocks("allocate_temporary", count * kTemporary, 523, count * kTemporary);
  expect_blocks("allocate_passed", count * kPassed, 307, count * kPassed);
  ready("done");
  return 0;
}
