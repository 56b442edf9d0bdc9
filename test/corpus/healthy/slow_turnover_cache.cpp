// SPDX-License-Identifier: Apache-2.0
//
// A cache at its bound from the first round on, replaced slowly and at random: survivors of every
// generation are there to see, as with a leak, while the sum is flat.
//
// truth: healthy

#include <string>
#include <vector>

#include "test/corpus/rounds.h"

class Cache {
 public:
  Cache() : values_(600) {
    for (std::string& value : values_) value = make_value();
  }
  void replace() { values_[chance(600)] = make_value(); }

 private:
  SILT_NOINLINE static std::string make_value() { return std::string(180 + chance(40), 'v'); }
  std::vector<std::string> values_;
};

int main() {
  Cache cache;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 80; i++) {
      cache.replace();
      pace(i, 80);
    }
    take_snapshot();
  }
  return 0;
}
