// SPDX-License-Identifier: Apache-2.0
//
// A cache that is at its bound of entries from the second round on, whose values differ in size by
// a factor of thirty: live bytes wander while the number of blocks stands still.
//
// truth: healthy

#include <deque>
#include <string>

#include "test/corpus/rounds.h"

static std::deque<std::string> cache;

SILT_NOINLINE static void remember() {
  cache.emplace_back(100 + chance(3000), 'v');
  if (cache.size() > 200) cache.pop_front();
}

int main() {
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 160; i++) {
      remember();
      pace(i, 160);
    }
    take_snapshot();
  }
  return cache.size() != 200;
}
