// SPDX-License-Identifier: Apache-2.0
//
// A backlog loaded at the start and worked off slowly, while each unit of work allocates and frees.
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* backlog[2000];

SILT_NOINLINE static void load(void) {
  for (int i = 0; i < 2000; i++) {
    backlog[i] = malloc(150);
    snprintf(backlog[i], 150, "task %d", i);
  }
}

SILT_NOINLINE static void work(int id) {
  char* result = malloc(300);
  strcpy(result, backlog[id]);
  keep(result);
  free(result);
  free(backlog[id]);
  backlog[id] = NULL;
}

int main(void) {
  load();
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      work(round * 160 + i);
      pace(i, 160);
    }
    take_snapshot();
  }
  _exit(0);
}
