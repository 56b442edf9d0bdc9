// SPDX-License-Identifier: Apache-2.0
//
// A vector of numbers that is pushed to forever: one block, doubled ever more rarely. It does not
// grow in every window, so `growing` is as right as `leak`; silence is not.
//
// truth: leak samples or growing

#include <vector>

#include "test/corpus/rounds.h"

class Telemetry {
 public:
  SILT_NOINLINE void record(double value) { samples_.push_back(value); }  // LEAK: samples
  double last() const { return samples_.back(); }

 private:
  std::vector<double> samples_;
};

int main() {
  Telemetry telemetry;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 480; i++) {
      telemetry.record(i * 0.25);
      pace(i, 480);
    }
    take_snapshot();
  }
  return telemetry.last() < 0;
}
