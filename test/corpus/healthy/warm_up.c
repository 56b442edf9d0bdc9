// SPDX-License-Identifier: Apache-2.0
//
// Tables are loaded during the first three rounds, then stay as they are under traffic.
//
// truth: healthy

#include "test/corpus/rounds.h"

static char* pages[1800];
static int page_count;

SILT_NOINLINE static void load_page(int id) {
  char* page = malloc(700 + chance(300));
  memset(page, id, 700);
  pages[page_count++] = page;
}

SILT_NOINLINE static int serve(int id) {
  char* copy = malloc(700);
  memcpy(copy, pages[id % page_count], 700);
  const int first = copy[0];
  keep(copy);
  free(copy);
  return first;
}

int main(void) {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 600; i++) {
      if (round < 3) load_page(i);
      sum += serve(i);
      pace(i, 600);
    }
    take_snapshot();
  }
  for (int i = 0; i < page_count; i++) free(pages[i]);
  return sum == 1;
}
