// SPDX-License-Identifier: Apache-2.0
//
// Two rounds of loading far outweigh the leak that follows: thousands of products against seven
// quotes a round.
//
// truth: leak quote

#include <map>
#include <string>

#include "test/corpus/rounds.h"

static std::map<int, std::string> catalogue;

SILT_NOINLINE static void load(int id) { catalogue[id] = std::string(400, 'p'); }

SILT_NOINLINE static int quote(int id) {
  auto* text = new std::string(60 + static_cast<size_t>(id) % 10, 'q');  // LEAK: quote
  keep(text);
  return static_cast<int>(text->size());
}

int main() {
  int sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 1600; i++) {
      if (round < 2) load(round * 1600 + i);
      if (i % 230 == 7) sum += quote(i);
      pace(i, 1600);
    }
    take_snapshot();
  }
  return sum == 0;
}
