// SPDX-License-Identifier: Apache-2.0
//
// Every request allocates and frees; one in a thousand (a rare header) forgets its block.
//
// truth: leak trailer

#include "test/corpus/rounds.h"

SILT_NOINLINE static size_t handle(int id) {
  char* body = malloc(64 + chance(400));
  memset(body, id, 64);
  keep(body);
  size_t size = 64;
  if (id % 1000 == 999) {
    char* trailer = malloc(72);  // LEAK: trailer
    memset(trailer, 't', 72);
    keep(trailer);
    size += 72;
  }
  free(body);
  return size;
}

int main(void) {
  size_t total = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 4000; i++) {
      total += handle(round * 4000 + i);
      pace(i, 4000);
    }
    take_snapshot();
  }
  _exit(total == 0);
}
