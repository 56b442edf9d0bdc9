// SPDX-License-Identifier: Apache-2.0
//
// A program that is armed, put to sleep and armed again (SILT_START=asleep). In each phase two
// threads allocate at the same places and free blocks of the phase before, each what the other has
// made: only what is born while it is armed may be seen, and what was born before is never
// subtracted. Each phase ends with what is true of the recording under way, and a wait.

#include <pthread.h>

#include "test/programs/truth.h"

enum { kPhases = 5, kBlocks = 40, kSize = 7919, kLarge = 300007 };

static void* made[kPhases][2][kBlocks];  // by main and by the other thread
static pthread_barrier_t begin;
static pthread_barrier_t end;
static int phase;

VICTIM_FRAME static void* leak_in_phase(size_t size) {
  void* block = malloc(size);
  VICTIM_KEEP(block);
  return block;
}

// Makes kBlocks, every tenth a large one; half of those of the phase before, made by the other
// thread, are freed, and of the own ones a quarter.
static void work(int self) {
  for (int i = 0; i < kBlocks; ++i) {
    made[phase][self][i] = leak_in_phase(i % 10 == 9 ? kLarge : kSize);
  }
  for (int i = 0; i < kBlocks / 4; ++i) {
    free(made[phase][self][i * 4]);
    made[phase][self][i * 4] = NULL;
  }
  for (int i = 0; phase > 0 && i < kBlocks; ++i) {
    if (i % 4 != 1) free(made[phase - 1][1 - self][i]);
    if (i % 4 == 1) {
      made[phase - 1][1 - self][i] = realloc(made[phase - 1][1 - self][i], 16);
      VICTIM_CHECK(made[phase - 1][1 - self][i] != NULL);
    }
  }
}

static void* other(void* unused) {
  for (int i = 0; i < kPhases; ++i) {
    pthread_barrier_wait(&begin);
    work(1);
    pthread_barrier_wait(&end);
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  VICTIM_CHECK(pthread_barrier_init(&begin, NULL, 2) == 0);
  VICTIM_CHECK(pthread_barrier_init(&end, NULL, 2) == 0);
  VICTIM_CHECK(pthread_create(&thread, NULL, other, NULL) == 0);
  const long large = 2 * kBlocks / 10;
  const long live = 2 * (kBlocks - kBlocks / 4);
  for (phase = 0; phase < kPhases; ++phase) {
    pthread_barrier_wait(&begin);
    work(0);
    pthread_barrier_wait(&end);
    // None of the quarter is a large one: those have odd numbers.
    expect_in("leak_in_phase", "native", live, (live - large) * kSize + large * kLarge, 2 * kBlocks,
              (2 * kBlocks - large) * kSize + large * kLarge);
    ready("phase");
  }
  VICTIM_CHECK(pthread_join(thread, NULL) == 0);
  return 0;
}
