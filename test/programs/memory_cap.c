// SPDX-License-Identifier: Apache-2.0
//
// More live blocks than a small SILT_MEMORY has room for: some are allocated while every block can
// still be recorded, many more afterwards, and of both some are freed and some resized.

#include "test/programs/truth.h"

enum { kEarly = 40000, kLate = 600000, kEarlySize = 104, kLateSize = 1000 };

static void* early[kEarly];
static void* late[kLate];

VICTIM_FRAME void* allocate_early(size_t size) {
  void* const block = malloc(size);
  VICTIM_KEEP(block);
  return block;
}

VICTIM_FRAME void* allocate_late(size_t size) {
  void* const block = malloc(size);
  VICTIM_KEEP(block);
  return block;
}

VICTIM_FRAME void* resize_early(void* block, size_t size) {
  void* const moved = realloc(block, size);
  VICTIM_KEEP(moved);
  return moved;
}

int main(void) {
  for (int i = 0; i < kEarly; ++i) early[i] = allocate_early(kEarlySize);
  expect_in("allocate_early", "native", kEarly, (long)kEarly * kEarlySize, kEarly,
            (long)kEarly * kEarlySize);
  ready("early");
  for (int i = 0; i < kLate; ++i) late[i] = allocate_late(kLateSize);
  for (int i = 0; i < kLate; i += 2) free(late[i]);
  for (int i = 0; i < kEarly; i += 4) free(early[i]);
  for (int i = 1; i < kEarly; i += 4) early[i] = resize_early(early[i], 160);
  ready("late");
  for (int i = 1; i < kLate; i += 2) free(late[i]);
  for (int i = 0; i < kEarly; ++i) {
    if (i % 4 != 0) free(early[i]);
  }
  ready("done");
  return 0;
}
