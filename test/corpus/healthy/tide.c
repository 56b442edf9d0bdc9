// SPDX-License-Identifier: Apache-2.0
//
// Load that comes and goes like day and night, eight rounds long; the run ends on the rise, below
// the height that was reached before.
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* connections[800];
static int open_count;

SILT_NOINLINE static void open_connection(void) {
  connections[open_count] = malloc(512);
  memset(connections[open_count], 'c', 512);
  open_count++;
}

int main(void) {
  static const int kHeights[12] = {400, 600, 700, 600, 400, 200, 100, 200, 400, 500, 600, 660};
  for (int round = 0; round < 12; round++) {
    const int start = open_count;
    for (int i = 0; i < 160; i++) {
      const int due = start + (kHeights[round] - start) * (i + 1) / 160 + (int)chance(9) - 4;
      while (open_count < due) open_connection();
      while (open_count > due && open_count > 0) free(connections[--open_count]);
      pace(i, 160);
    }
    take_snapshot();
  }
  while (open_count > 0) free(connections[--open_count]);
  return 0;
}
