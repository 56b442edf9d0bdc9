// SPDX-License-Identifier: Apache-2.0
//
// A program that allocates only through its own wrapper, in leaking and in healthy code. The
// innermost own frame is the wrapper; the line that helps is its caller. Either is right.
//
// truth: leak order

#include "test/corpus/rounds.h"

SILT_NOINLINE static void* checked_malloc(size_t size) {
  void* block = malloc(size);  // LEAK: order
  if (block == NULL) abort();
  return block;
}

struct Order {
  int item;
  int count;
  char note[40];
};

static char* recent[64];

SILT_NOINLINE static void place_order(int item) {
  struct Order* order = checked_malloc(sizeof *order);  // LEAK: order
  order->item = item;
  order->count = 1;
  keep(order);
}

SILT_NOINLINE static void remember_page(int item) {
  char** slot = &recent[item % 64];
  free(*slot);
  *slot = checked_malloc(100 + chance(100));
  snprintf(*slot, 100, "page %d", item);
}

int main(void) {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 320; i++) {
      remember_page(i);
      if (chance(3) == 0) place_order(i);
      pace(i, 320);
    }
    take_snapshot();
  }
  for (int i = 0; i < 64; i++) free(recent[i]);
  return 0;
}
