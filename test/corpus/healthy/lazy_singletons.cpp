// SPDX-License-Identifier: Apache-2.0
//
// Eight features, each set up once when first used, one after the other from round one to round
// eight: eight single steps at eight places, which together look like a staircase.
//
// truth: healthy

#include <memory>
#include <string>
#include <vector>

#include "test/corpus/rounds.h"

SILT_NOINLINE static int search() {
  static const std::vector<int> index(700, 1);
  return index[10];
}
SILT_NOINLINE static int thumbnails() {
  static const auto cache = std::make_unique<char[]>(3000);
  return cache[5];
}
SILT_NOINLINE static int mail() {
  static const std::string greeting(2500, 'g');
  return greeting[3];
}
SILT_NOINLINE static int payments() {
  static const std::vector<double> rates(350, 1.5);
  return static_cast<int>(rates[7]);
}
SILT_NOINLINE static int maps() {
  static const std::vector<std::vector<int>> tiles(20, std::vector<int>(30, 2));
  return tiles[3][4];
}
SILT_NOINLINE static int reports() {
  static const auto page = std::make_unique<std::string>(2800, 'r');
  return (*page)[9];
}
SILT_NOINLINE static int exports() {
  static const std::vector<char> buffer(2600, 'e');
  return buffer[1];
}
SILT_NOINLINE static int audit() {
  static const auto ring = std::make_unique<int[]>(650);
  return ring[2];
}

int main() {
  static int (*const kFeatures[8])() = {search, thumbnails, mail,    payments,
                                        maps,   reports,    exports, audit};
  int sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 160; i++) {
      sum += kFeatures[i % (round < 8 ? round + 1 : 8)]();
      pace(i, 160);
    }
    take_snapshot();
  }
  return sum == 0;
}
