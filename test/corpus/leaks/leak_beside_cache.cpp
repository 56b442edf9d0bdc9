// SPDX-License-Identifier: Apache-2.0
//
// A healthy cache that fills to its bound in the first third and then turns over, and beside it a
// small leak: an audit entry for each tenth request. Only the second is one.
//
// truth: leak audit

#include <deque>
#include <string>
#include <vector>

#include "test/corpus/rounds.h"

static std::deque<std::string> cache;

SILT_NOINLINE static void remember(int id) {
  cache.emplace_back(300 + static_cast<size_t>(id) % 100, 'c');
  if (cache.size() > 900) cache.pop_front();
}

SILT_NOINLINE static void audit(int id) {
  char* entry = new char[64];  // LEAK: audit
  snprintf(entry, 64, "request %d", id);
  keep(entry);
}

int main() {
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 240; i++) {
      remember(i);
      if (i % 10 == 3) audit(i);
      pace(i, 240);
    }
    take_snapshot();
  }
  return cache.empty();
}
