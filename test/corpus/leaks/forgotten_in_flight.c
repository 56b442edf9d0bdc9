// SPDX-License-Identifier: Apache-2.0
//
// One line makes all jobs. A few hundred are in flight, a number that wanders from round to round
// by more than the leak; one in sixty is forgotten instead of finished. Only survivors tell.
//
// truth: leak job

#include "test/corpus/rounds.h"

static char* in_flight[500];

SILT_NOINLINE static void start_job(int slot) {
  in_flight[slot] = malloc(120);  // LEAK: job
  snprintf(in_flight[slot], 120, "job %d", slot);
}

SILT_NOINLINE static void finish_job(int slot) {
  if (chance(60) != 0) free(in_flight[slot]);
  in_flight[slot] = NULL;
}

int main(void) {
  for (int round = 0; round < 12; round++) {
    const uint32_t busy = 40 + chance(20);
    for (int i = 0; i < 3200; i++) {
      const int slot = (int)chance(500);
      if (in_flight[slot] != NULL) {
        finish_job(slot);
      } else if (chance(100) < busy) {
        start_job(slot);
      }
      pace(i, 3200);
    }
    take_snapshot();
  }
  for (int i = 0; i < 500; i++) free(in_flight[i]);
  return 0;
}
