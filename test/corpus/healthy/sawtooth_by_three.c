// SPDX-License-Identifier: Apache-2.0
//
// Requests are gathered in a batch that is written and released every third round.
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* batch[2000];
static int batch_size;

SILT_NOINLINE static void gather(int id) {
  batch[batch_size] = malloc(100 + chance(50));
  snprintf(batch[batch_size], 100, "row %d", id);
  batch_size++;
}

SILT_NOINLINE static void flush(void) {
  while (batch_size > 0) free(batch[--batch_size]);
}

int main(void) {
  for (int round = 0; round < 11; round++) {
    if (round % 3 == 0) flush();
    for (int i = 0; i < 320; i++) {
      gather(i);
      pace(i, 320);
    }
    take_snapshot();
  }
  flush();
  return 0;
}
