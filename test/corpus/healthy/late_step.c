// SPDX-License-Identifier: Apache-2.0
//
// A component that is first used in round six of twelve and sets itself up once: a step, no trend.
//
// truth: healthy

#include "test/corpus/rounds.h"

struct Renderer {
  char* glyphs[200];
  char* atlas;
};

static struct Renderer* renderer;

SILT_NOINLINE static struct Renderer* get_renderer(void) {
  if (renderer == NULL) {
    renderer = calloc(1, sizeof *renderer);
    for (int i = 0; i < 200; i++) {
      renderer->glyphs[i] = malloc(128);
      memset(renderer->glyphs[i], i, 128);
    }
    renderer->atlas = calloc(1, 100000);
  }
  return renderer;
}

int main(void) {
  int sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 160; i++) {
      if (round >= 6) sum += get_renderer()->glyphs[i][0];
      pace(i, 160);
    }
    take_snapshot();
  }
  _exit(sum == 0);
}
