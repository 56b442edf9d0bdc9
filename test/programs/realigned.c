// SPDX-License-Identifier: Apache-2.0
//
// Functions that realign their stack (for locals of 64-byte alignment), with and without variable
// locals: their caller can only be found through memory or a copied register.

#include <alloca.h>
#include <stdint.h>

#include "test/programs/truth.h"

VICTIM_FRAME static void leaf_aligned(void) {
  void* block = malloc(3109);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void realigned(int count) {
  _Alignas(64) volatile char local[64];
  local[0] = (char)count;
  VICTIM_KEEP(local);
  VICTIM_CHECK((uintptr_t)local % 64 == 0);
  leaf_aligned();
  VICTIM_STAY();
}

VICTIM_FRAME static void leaf_aligned_variable(void) {
  void* block = malloc(3119);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void realigned_variable(int count) {
  _Alignas(64) volatile char local[64];
  volatile char* more = alloca((size_t)count * 16 + 1);
  local[0] = more[0] = (char)count;
  VICTIM_KEEP(local);
  VICTIM_KEEP(more);
  leaf_aligned_variable();
  VICTIM_STAY();
}

VICTIM_FRAME static void caller_of_realigned(void) {
  for (int i = 0; i < 10; ++i) {
    realigned(i);
    realigned_variable(i);
  }
}

int main(void) {
  caller_of_realigned();
  expect_blocks("leaf_aligned", 10, 3109, 0);
  expect_blocks("realigned", 10, 3109, 0);
  expect_blocks("leaf_aligned_variable", 10, 3119, 0);
  expect_blocks("realigned_variable", 10, 3119, 0);
  expect_in("caller_of_realigned", "native", 20, -1, -1, -1);
  expect_in("main", "native", 20, -1, -1, -1);
  ready("done");
  return 0;
}
