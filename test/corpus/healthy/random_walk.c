// SPDX-License-Identifier: Apache-2.0
//
// A working set that walks at random around a level: some runs end higher than they began, with
// several rises in a row.
//
// truth: healthy

#include "test/corpus/rounds.h"

static void* slots[600];

SILT_NOINLINE static void toggle(void) {
  void** slot = &slots[chance(600)];
  if (*slot != NULL) {
    free(*slot);
    *slot = NULL;
  } else {
    *slot = malloc(40 + chance(400));
  }
}

int main(void) {
  for (int i = 0; i < 600; i += 2) slots[i] = malloc(40 + chance(400));
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 240; i++) {
      toggle();
      pace(i, 240);
    }
    take_snapshot();
  }
  for (int i = 0; i < 600; i++) free(slots[i]);
  return 0;
}
