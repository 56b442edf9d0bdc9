// SPDX-License-Identifier: Apache-2.0
//
// Strings are interned for ever, but the vocabulary is finite: most of it is seen soon, the rare
// words trickle in later, and by the middle of the run all are there.
//
// truth: healthy

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
      sum +=
          interner.intern("a-word-of-the-vocabulary-number-" + std::to_string(chance(500)))->size();
      pace(i, 960);
    }
    take_snapshot();
  }
  return sum == 0;
}
