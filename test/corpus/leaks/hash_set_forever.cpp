// SPDX-License-Identifier: Apache-2.0
//
// "Already seen" kept as a hash set of identifiers, forever: small nodes and a bucket array that is
// rebuilt at primes, all from one line.
//
// truth: leak seen

#include <cstdint>
#include <unordered_set>

#include "test/corpus/rounds.h"

class Deduplicator {
 public:
  SILT_NOINLINE bool is_new(uint64_t id) { return seen_.insert(id).second; }  // LEAK: seen
  size_t size() const { return seen_.size(); }

 private:
  std::unordered_set<uint64_t> seen_;
};

int main() {
  Deduplicator messages;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 640; i++) {
      messages.is_new(static_cast<uint64_t>(round) * 100000 + chance(5000));
      pace(i, 640);
    }
    take_snapshot();
  }
  return messages.size() == 0;
}
