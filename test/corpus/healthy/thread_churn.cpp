// SPDX-License-Identifier: Apache-2.0
//
// Threads come and go; each frees what it made, and its thread_local state is destroyed with it.
//
// truth: healthy

#include <string>
#include <thread>
#include <vector>

#include "test/corpus/rounds.h"

static thread_local std::vector<std::string> scratch;

SILT_NOINLINE static void work(int id) {
  scratch.emplace_back(200 + static_cast<size_t>(id) % 100, 's');
}

int main() {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 16; i++) {
      std::thread first([i] {
        for (int k = 0; k < 30; k++) work(i + k);
      });
      std::thread second([i] {
        for (int k = 0; k < 20; k++) work(i * k);
      });
      first.join();
      second.join();
      pace(i, 16);
    }
    take_snapshot();
  }
  return 0;
}
