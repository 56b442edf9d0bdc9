// SPDX-License-Identifier: Apache-2.0
//
// Twelve megabytes a day: one block of 40 bytes in a quarter of a second, beside a churn of
// thousands of blocks and a working set that wanders.
//
// truth: leak lease
// truth: below the noise of the total

#include "test/corpus/rounds.h"

static void* working_set[512];

SILT_NOINLINE static void churn(void) {
  void** slot = &working_set[chance(512)];
  if (*slot != NULL) {
    free(*slot);
    *slot = NULL;
  } else {
    *slot = malloc(16 + chance(2000));
  }
}

SILT_NOINLINE static void renew_lease(int round) {
  int* lease = malloc(40);  // LEAK: lease
  lease[0] = round;
  keep(lease);
}

int main(void) {
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 8000; i++) {
      churn();
      if (i == 5000) renew_lease(round);
      pace(i, 8000);
    }
    take_snapshot();
  }
  for (int i = 0; i < 512; i++) free(working_set[i]);
  return 0;
}
