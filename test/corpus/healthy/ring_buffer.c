// SPDX-License-Identifier: Apache-2.0
//
// The last 600 messages, in a ring of pointers: filled in two and a half rounds, then each message
// frees the oldest.
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* ring[600];
static int next;

SILT_NOINLINE static void record(int id) {
  free(ring[next]);
  ring[next] = malloc(60 + chance(80));
  snprintf(ring[next], 60, "message %d", id);
  next = (next + 1) % 600;
}

int main(void) {
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 240; i++) {
      record(i);
      pace(i, 240);
    }
    take_snapshot();
  }
  for (int i = 0; i < 600; i++) free(ring[i]);
  return 0;
}
