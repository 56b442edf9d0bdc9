// SPDX-License-Identifier: Apache-2.0
//
// Coroutines made by makecontext, each on a stack of its own, switching between allocations: a
// remembered stack of one must never be taken for another's.

#include <ucontext.h>

#include "test/programs/truth.h"

enum { kCoroutines = 4, kSteps = 500, kStackSize = 65536 };

static ucontext_t scheduler;
static ucontext_t contexts[kCoroutines];
static char stacks[kCoroutines][kStackSize];

VICTIM_FRAME static void step_even(void) {
  void* block = malloc(3301);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void step_odd(void) {
  void* block = malloc(3307);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void step_scheduler(void) {
  void* block = malloc(3313);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void even_body(int self) {
  for (int i = 0; i < kSteps; ++i) {
    step_even();
    swapcontext(&contexts[self], &scheduler);
  }
}

VICTIM_FRAME static void odd_body(int self) {
  for (int i = 0; i < kSteps; ++i) {
    step_odd();
    swapcontext(&contexts[self], &scheduler);
  }
}

static void entry(int self) {
  if (self % 2 == 0) {
    even_body(self);
  } else {
    odd_body(self);
  }
  VICTIM_STAY();
}

int main(void) {
  for (int i = 0; i < kCoroutines; ++i) {
    getcontext(&contexts[i]);
    contexts[i].uc_stack.ss_sp = stacks[i];
    contexts[i].uc_stack.ss_size = kStackSize;
    contexts[i].uc_link = &scheduler;
    makecontext(&contexts[i], (void (*)(void))entry, 1, i);
  }
  for (int step = 0; step < kSteps + 1; ++step) {
    for (int i = 0; i < kCoroutines; ++i) {
      swapcontext(&scheduler, &contexts[i]);
      if (step < kSteps) step_scheduler();
    }
  }
  expect_blocks("step_even", kCoroutines / 2 * kSteps, 3301, 0);
  expect_blocks("even_body", kCoroutines / 2 * kSteps, 3301, 0);
  expect_blocks("step_odd", kCoroutines / 2 * kSteps, 3307, 0);
  expect_blocks("odd_body", kCoroutines / 2 * kSteps, 3307, 0);
  expect_blocks("step_scheduler", kCoroutines * kSteps, 3313, 0);
  ready("done");
  return 0;
}
