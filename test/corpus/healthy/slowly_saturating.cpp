// SPDX-License-Identifier: Apache-2.0
//
// Interning from a larger vocabulary: most of it is there after a third of the run, and new words
// become ever rarer, with a trickle to the end. A bend, not a line; `growing` is no mistake.
//
// truth: healthy
// truth: tolerate growing

#include <string>
#include <unordered_set>

#include "test/corpus/rounds.h"

class Interner {
 public:
  SILT_NOINLINE const std::string* intern(std::string word) {
    return &*words_.insert(std::move(word)).first;
  }

 private:
  std::unordered_set<std::string> words_;
};

int main() {
  Interner interner;
  size_t sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 960; i++) {
      const uint32_t number = chance(2000);
      sum += interner.intern("a-word-of-the-vocabulary-" + std::to_string(number))->size();
      pace(i, 960);
    }
    take_snapshot();
  }
  return sum == 0;
}
