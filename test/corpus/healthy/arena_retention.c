// SPDX-License-Identifier: Apache-2.0
//
// Resident memory stays high and climbs in steps while little is live: peaks of freed blocks are
// kept by glibc because a small block above them is in use. Nothing leaks.
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* pins[4];

SILT_NOINLINE static void peak(int round) {
  static char* blocks[3000];
  for (int i = 0; i < 1000 + round * 150; i++) {
    blocks[i] = malloc(2000);
    memset(blocks[i], round, 2000);
  }
  free(pins[round % 4]);
  pins[round % 4] = malloc(64);
  keep(pins[round % 4]);
  for (int i = 0; i < 1000 + round * 150; i++) free(blocks[i]);
}

int main(void) {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 16; i++) {
      if (i % 4 == 1) peak(round);
      pace(i, 16);
    }
    take_snapshot();
  }
  for (int i = 0; i < 4; i++) free(pins[i]);
  return 0;
}
