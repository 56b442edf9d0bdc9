// SPDX-License-Identifier: Apache-2.0
//
// Statistics over the last four rounds: four rounds long it looks like a leak, then each new sample
// drops the oldest.
//
// truth: healthy

#include <list>

#include "test/corpus/rounds.h"

struct Sample {
  double values[8];
};

static std::list<Sample> window;

SILT_NOINLINE static void record(double value) {
  window.push_back(Sample{{value}});
  if (window.size() > 640) window.pop_front();
}

int main() {
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 160; i++) {
      record(i);
      pace(i, 160);
    }
    take_snapshot();
  }
  return window.size() != 640;
}
