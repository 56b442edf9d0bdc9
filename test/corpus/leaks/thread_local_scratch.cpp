// SPDX-License-Identifier: Apache-2.0
//
// A raw thread_local pointer as a scratch area: made once a thread, never deleted.
//
// truth: leak scratch

#include <thread>
#include <vector>

#include "test/corpus/rounds.h"

static thread_local std::vector<int>* scratch;

SILT_NOINLINE static int compute(int seed) {
  if (scratch == nullptr) {
    scratch = new std::vector<int>(200);  // LEAK: scratch
  }
  (*scratch)[static_cast<size_t>(seed) % 200] += seed;
  return (*scratch)[0];
}

int main() {
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < 32; i++) {
      std::thread worker([i] {
        for (int k = 0; k < 30; k++) compute(i + k);
      });
      worker.join();
      pace(i, 32);
    }
    take_snapshot();
  }
  return 0;
}
