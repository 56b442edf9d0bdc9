// SPDX-License-Identifier: Apache-2.0
//
// regcomp without regfree. Each pattern is a few dozen blocks from as many places in libc, some
// resized: fifty stacks, one leak.
//
// truth: leak pattern

#include <regex.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static int route(const char* path) {
  regex_t pattern;
  if (regcomp(&pattern, "^/(items|users)/([0-9]+)(\\?.*)?$", REG_EXTENDED) != 0) {  // LEAK: pattern
    return -1;
  }
  regmatch_t groups[4];
  return regexec(&pattern, path, 4, groups, 0);  // LEAK: pattern
}

int main(void) {
  int matched = 0;
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < 64; i++) {
      matched += route(chance(4) == 0 ? "/users/7?full" : "/items/1234") == 0;
      pace(i, 64);
    }
    take_snapshot();
  }
  return matched == 0;
}
