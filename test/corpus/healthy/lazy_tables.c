// SPDX-License-Identifier: Apache-2.0
//
// Lookup tables that are made when first needed: most early, some in the middle, the last in round
// seven of twelve; from then on all are there.
//
// truth: healthy

#include "test/corpus/rounds.h"

static int* tables[28];

SILT_NOINLINE static const int* table(int kind) {
  if (tables[kind] == NULL) {
    tables[kind] = malloc(512 * sizeof(int));
    for (int i = 0; i < 512; i++) tables[kind][i] = i * kind;
  }
  return tables[kind];
}

int main(void) {
  int sum = 0;
  for (int round = 0; round < 12; round++) {
    const int reach = round < 7 ? 4 * (round + 1) : 28;
    for (int i = 0; i < 240; i++) {
      sum += table(i % reach)[i % 512] & 1;
      pace(i, 240);
    }
    take_snapshot();
  }
  return sum == 0;
}
