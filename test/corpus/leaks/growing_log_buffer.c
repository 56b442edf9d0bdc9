// SPDX-License-Identifier: Apache-2.0
//
// One block that always grows: a log buffer, extended by realloc in steps of 1 KiB. At any moment
// there is a single, young block, so only its size tells the leak.
//
// truth: leak buffer

#include "test/corpus/rounds.h"

struct Log {
  char* text;
  size_t size;
  size_t capacity;
};

SILT_NOINLINE static void append(struct Log* log, const char* line) {
  const size_t length = strlen(line);
  if (log->size + length > log->capacity) {
    log->capacity += 1024;
    log->text = realloc(log->text, log->capacity);  // LEAK: buffer
    if (log->text == NULL) abort();
  }
  memcpy(log->text + log->size, line, length);
  log->size += length;
}

int main(void) {
  struct Log log = {NULL, 0, 0};
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 640; i++) {
      append(&log, chance(2) != 0 ? "INFO request served\n" : "WARN slow request, 230 ms\n");
      pace(i, 640);
    }
    take_snapshot();
  }
  free(log.text);
  return 0;
}
