// SPDX-License-Identifier: Apache-2.0
//
// A pre-fork server whose worker inherits a loaded table and replaces its parts; the parent waits.
//
// truth: healthy

#include <sys/wait.h>

#include "test/corpus/rounds.h"

static char* table[200];

SILT_NOINLINE static void refresh(int slot) {
  free(table[slot]);
  table[slot] = malloc(200 + chance(50));
  memset(table[slot], slot, 200);
}

int main(void) {
  for (int i = 0; i < 200; i++) refresh(i);
  const pid_t worker = fork();
  if (worker < 0) return 1;
  if (worker == 0) {
    for (int round = 0; round < 9; round++) {
      for (int i = 0; i < 160; i++) {
        refresh((int)chance(200));
        pace(i, 160);
      }
      take_snapshot();
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(worker, &status, 0) < 0) {
  }
  for (int i = 0; i < 200; i++) free(table[i]);
  return status != 0;
}
