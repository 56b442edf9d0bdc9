// SPDX-License-Identifier: Apache-2.0
//
// Results are remembered for ever over a domain of 300 arguments, met by a skewed chance: the
// common ones at once, the last in the first half of the run.
//
// truth: healthy

#include <map>
#include <string>

#include "test/corpus/rounds.h"

static std::map<int, std::string> known;

SILT_NOINLINE static const std::string& compute(int argument) {
  if (const auto found = known.find(argument); found != known.end()) return found->second;
  return known.emplace(argument, std::string(50 + argument % 50, 'k')).first->second;
}

int main() {
  size_t sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 800; i++) {
      const uint32_t bound = chance(2) == 0 ? 60 : 300;
      sum += compute(static_cast<int>(chance(bound))).size();
      pace(i, 800);
    }
    take_snapshot();
  }
  return sum == 0;
}
