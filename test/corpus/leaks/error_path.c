// SPDX-License-Identifier: Apache-2.0
//
// The good path frees its parse tree; a malformed input (about one in twelve) returns early.
//
// truth: leak tree

#include "test/corpus/rounds.h"

struct Tree {
  int depth;
  int kinds[30];
};

SILT_NOINLINE static int parse(const char* input) {
  struct Tree* tree = calloc(1, sizeof *tree);  // LEAK: tree
  keep(tree);
  char* scratch = strdup(input);
  for (char* c = scratch; *c != '\0'; c++) {
    if (*c == '?') {
      free(scratch);
      return -1;
    }
    tree->kinds[tree->depth++ % 30] = *c;
  }
  const int depth = tree->depth;
  free(scratch);
  free(tree);
  return depth;
}

int main(void) {
  int failures = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 480; i++) {
      failures += parse(chance(12) == 0 ? "{\"id\": ?}" : "{\"id\": 12, \"name\": \"x\"}") < 0;
      pace(i, 480);
    }
    take_snapshot();
  }
  return failures == 0;
}
