// SPDX-License-Identifier: Apache-2.0
//
// A settings file that is reopened on each reload and never closed: the stream is made by fopen,
// its buffer at the first read. Two stacks in step, one leak.
//
// truth: leak stream

#include "test/corpus/rounds.h"

SILT_NOINLINE static int reload(const char* path) {
  FILE* stream = fopen(path, "r");  // LEAK: stream
  if (stream == NULL) return -1;
  char line[128];
  int lines = 0;
  while (fgets(line, sizeof line, stream) != NULL) lines++;  // LEAK: stream
  keep(stream);
  return lines;
}

int main(void) {
  int lines = 0;
  for (int round = 0; round < 10; round++) {
    const int reloads = 2 + (int)chance(4);
    for (int i = 0; i < 16; i++) {
      if (i < reloads) lines += reload("/proc/self/status");
      pace(i, 16);
    }
    take_snapshot();
  }
  _exit(lines <= 0);
}
