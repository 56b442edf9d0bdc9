// SPDX-License-Identifier: Apache-2.0
//
// A buffer that grows and shrinks by realloc with the request in hand, and a second that only ever
// grows, to the largest request that the protocol allows (met in the first rounds).
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* current;
static char* largest;
static size_t largest_size;

SILT_NOINLINE static int handle(size_t size) {
  current = realloc(current, size);
  memset(current, 'c', size);
  if (size > largest_size) {
    largest = realloc(largest, size);
    largest_size = size;
  }
  memcpy(largest, current, size);
  keep(largest);
  return largest[0];
}

int main(void) {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 320; i++) {
      sum += handle(1 + chance(40) * 512);
      pace(i, 320);
    }
    take_snapshot();
  }
  free(current);
  free(largest);
  return sum == 0;
}
