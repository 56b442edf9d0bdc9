// SPDX-License-Identifier: Apache-2.0
//
// A leak that begins when a feature is switched on in round four of twelve, after a quiet start.
//
// truth: leak preview

#include "test/corpus/rounds.h"

SILT_NOINLINE static int serve(int id) {
  char* page = malloc(500);
  snprintf(page, 500, "page %d", id);
  keep(page);
  const int first = page[5];
  free(page);
  return first;
}

SILT_NOINLINE static void make_preview(int id) {
  char* preview = malloc(150);  // LEAK: preview
  snprintf(preview, 150, "preview %d", id);
  keep(preview);
}

int main(void) {
  int sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 320; i++) {
      sum += serve(i);
      if (round >= 4 && i % 4 == 0) make_preview(i);
      pace(i, 320);
    }
    take_snapshot();
  }
  return sum == 0;
}
