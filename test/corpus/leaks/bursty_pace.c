// SPDX-License-Identifier: Apache-2.0
//
// A leak whose pace swings by a factor of eight from round to round, as traffic does.
//
// truth: leak event

#include "test/corpus/rounds.h"

SILT_NOINLINE static void on_event(int id) {
  char* event = malloc(80 + (size_t)(id % 5) * 16);  // LEAK: event
  memset(event, 'e', 80);
  keep(event);
}

int main(void) {
  for (int round = 0; round < 12; round++) {
    const int events = 20 + (int)chance(140);
    for (int i = 0; i < 160; i++) {
      if (i < events) on_event(i);
      pace(i, 160);
    }
    take_snapshot();
  }
  _exit(0);
}
