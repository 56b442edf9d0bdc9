// SPDX-License-Identifier: Apache-2.0
//
// Much is allocated, nothing stays: a few blocks a request, all freed before its end.
//
// truth: healthy

#include "test/corpus/rounds.h"

SILT_NOINLINE static int handle(int id) {
  char* input = malloc(256 + chance(1024));
  char* output = calloc(1, 512);
  snprintf(input, 256, "request %d", id);
  output = realloc(output, 1024 + chance(1024));
  strcpy(output, input);
  keep(output);
  const int size = (int)strlen(output);
  free(input);
  free(output);
  return size;
}

int main(void) {
  int total = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 4000; i++) {
      total += handle(i);
      pace(i, 4000);
    }
    take_snapshot();
  }
  return total == 0;
}
