// SPDX-License-Identifier: Apache-2.0
//
// Forty sensors, each with a vector of all its readings: the number of blocks stands still, their
// sizes double at different times, the sum grows steadily. `growing` is as right.
//
// truth: leak readings or growing

#include <array>
#include <vector>

#include "test/corpus/rounds.h"

class Sensors {
 public:
  SILT_NOINLINE void record(size_t sensor, double value) {
    readings_[sensor].push_back(value);  // LEAK: readings
  }
  size_t size() const { return readings_[39].size(); }

 private:
  std::array<std::vector<double>, 40> readings_;
};

int main() {
  Sensors sensors;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 1600; i++) {
      const uint32_t a = chance(40);
      const uint32_t b = chance(40);
      sensors.record(a > b ? a : b, i * 0.5);
      pace(i, 1600);
    }
    take_snapshot();
  }
  return sensors.size() == 0;
}
