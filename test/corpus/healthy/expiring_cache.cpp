// SPDX-License-Identifier: Apache-2.0
//
// A cache whose entries live for three rounds: survivors of the last generations only.
//
// truth: healthy

#include <map>
#include <string>

#include "test/corpus/rounds.h"

struct Entry {
  int expires;
  std::string value;
};

static std::map<std::string, Entry> cache;

SILT_NOINLINE static void put(int now) {
  cache["the key of the entry that was made at " + std::to_string(now)] = {now + 480,
                                                                           std::string(80, 'v')};
}

static void expire(int now) {
  for (auto entry = cache.begin(); entry != cache.end();) {
    entry = entry->second.expires <= now ? cache.erase(entry) : std::next(entry);
  }
}

int main() {
  int now = 0;
  for (int round = 0; round < 11; round++) {
    for (int i = 0; i < 160; i++) {
      put(++now);
      if (i % 40 == 0) expire(now);
      pace(i, 160);
    }
    take_snapshot();
  }
  return cache.empty();
}
