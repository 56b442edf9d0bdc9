// SPDX-License-Identifier: Apache-2.0
//
// A vector that doubles ever more rarely and stops growing in the middle of the run.
//
// truth: healthy

#include <vector>

#include "test/corpus/rounds.h"

static std::vector<int> order_ids;

SILT_NOINLINE static void enrol(int id) { order_ids.push_back(id); }

int main() {
  size_t sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 320; i++) {
      if (order_ids.size() < 1500) enrol(i);
      sum += static_cast<size_t>(order_ids[chance(static_cast<uint32_t>(order_ids.size()))]);
      pace(i, 320);
    }
    take_snapshot();
  }
  return sum == 1;
}
