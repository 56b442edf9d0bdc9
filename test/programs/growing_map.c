// SPDX-License-Identifier: Apache-2.0
//
// Writes a JIT map as runtimes do: there and empty at the first snapshot, with names at the second,
// begun anew at the third. Each line of input is a step.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void* volatile kept;

static void step(const char* path, const char* mode, const char* text) {
  FILE* map = fopen(path, mode);
  if (map != NULL) {
    fputs(text, map);
    fclose(map);
  }
  kept = malloc(100);
  puts("ready step");
  fflush(stdout);
  char line[16];
  if (fgets(line, sizeof line, stdin) == NULL) exit(1);
}

int main(void) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
  step(path, "w", "");
  step(path, "a", "1000 10 first_name\n");
  step(path, "a", "2000 10 second_name\n");
  step(path, "w", "3000 10 new\n");
  unlink(path);
  return 0;
}
