// SPDX-License-Identifier: Apache-2.0
//
// open_memstream, closed but its text not freed. glibc makes the buffer in open_memstream, and
// shrinks it in fclose, so either call is the birthplace of the block that stays.
//
// truth: leak page

#include "test/corpus/rounds.h"

SILT_NOINLINE static size_t render(int id) {
  char* page = NULL;
  size_t size = 0;
  FILE* stream = open_memstream(&page, &size);  // LEAK: page
  fprintf(stream, "<html><body>item %d</body></html>", id);
  fclose(stream);  // LEAK: page
  keep(page);
  return size;
}

int main(void) {
  size_t total = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 200; i++) {
      total += render(i);
      pace(i, 200);
    }
    take_snapshot();
  }
  return total == 0;
}
