// SPDX-License-Identifier: Apache-2.0
//
// Growth by the logarithm of the work: a table of levels that gets one more entry each time the
// number of requests doubles (a skip list, a log-structured store, Fibonacci buffers).
//
// truth: healthy

#include <vector>

#include "test/corpus/rounds.h"

static std::vector<char*> levels;

SILT_NOINLINE static void add_level() {
  levels.push_back(new char[2048]);
  memset(levels.back(), 0, 2048);
}

int main() {
  int requests = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 1600; i++) {
      requests++;
      if ((requests & (requests - 1)) == 0) add_level();
      pace(i, 1600);
    }
    take_snapshot();
  }
  for (const char* level : levels) delete[] level;
  return levels.empty();
}
