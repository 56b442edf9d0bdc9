// SPDX-License-Identifier: Apache-2.0
//
// A program that is not position-independent and takes the address of malloc and free in its code:
// the linker then gives it entries of those names in its own jump table, at which every other
// module finds the functions too. They are still not the program's own.

#include "test/programs/truth.h"

VICTIM_FRAME static void keep_one(void* (*allocate)(size_t)) {
  void* block = allocate(4211);
  VICTIM_CHECK(block != NULL);
  VICTIM_KEEP(block);
}

int main(void) {
  void* (*allocate)(size_t) = malloc;
  void (*release)(void*) = free;
  VICTIM_KEEP(allocate);
  VICTIM_KEEP(release);
  release(allocate(4217));
  keep_one(allocate);
  expect_blocks("keep_one", 1, 4211, 0);
  ready("done");
  return 0;
}
