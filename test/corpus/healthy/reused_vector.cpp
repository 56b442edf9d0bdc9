// SPDX-License-Identifier: Apache-2.0
//
// One vector, cleared and refilled for each request with a varying number of items: its capacity
// climbs to the largest request and stays.
//
// truth: healthy

#include <vector>

#include "test/corpus/rounds.h"

static std::vector<int> items;

SILT_NOINLINE static int handle(int count) {
  items.clear();
  for (int i = 0; i < count; i++) items.push_back(i);
  return items.empty() ? 0 : items.back();
}

int main() {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      sum += handle(static_cast<int>(chance(2000)));
      pace(i, 160);
    }
    take_snapshot();
  }
  return sum == 0;
}
