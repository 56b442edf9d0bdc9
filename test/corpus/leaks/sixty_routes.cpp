// SPDX-License-Identifier: Apache-2.0
//
// A leak that is reached through sixty-four different handlers: as many stacks, none of which grows
// in every window, and one cause.
//
// truth: leak trace

#include <array>
#include <cstddef>
#include <utility>

#include "test/corpus/rounds.h"

SILT_NOINLINE static int trace(int id) {
  char* entry = new char[56];  // LEAK: trace
  snprintf(entry, 56, "entry %d", id);
  keep(entry);
  return entry[6];
}

template <size_t Number>
SILT_NOINLINE static int handler(int id) {
  return trace(id + static_cast<int>(Number)) + static_cast<int>(Number);
}

template <size_t... Numbers>
static constexpr std::array<int (*)(int), sizeof...(Numbers)> make_table(
    std::index_sequence<Numbers...>) {
  return {handler<Numbers>...};
}

static constexpr auto kHandlers = make_table(std::make_index_sequence<64>());

int main() {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 48; i++) {
      sum += kHandlers[chance(64)](i);
      pace(i, 48);
    }
    take_snapshot();
  }
  return sum == 0;
}
