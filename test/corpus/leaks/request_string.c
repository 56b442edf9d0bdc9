// SPDX-License-Identifier: Apache-2.0
//
// An access log held in memory: a line for each request, linked and never dropped until the
// program ends, where all of it is freed properly. A leak checker at exit finds nothing.
//
// truth: leak line

#include "test/corpus/rounds.h"

struct Line {
  struct Line* next;
  char text[];
};

static struct Line* log_head;

SILT_NOINLINE static void log_request(int id) {
  char text[96];
  const int length = snprintf(text, sizeof text, "GET /items/%d %s", id, "curl/8.0 (x86_64)");
  struct Line* line = malloc(sizeof *line + (size_t)length + 1);  // LEAK: line
  memcpy(line->text, text, (size_t)length + 1);
  line->next = log_head;
  log_head = line;
}

int main(void) {
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < 256; i++) {
      log_request(round * 100000 + i);
      pace(i, 256);
    }
    take_snapshot();
  }
  while (log_head != NULL) {
    struct Line* line = log_head;
    log_head = line->next;
    free(line);
  }
  return 0;
}
