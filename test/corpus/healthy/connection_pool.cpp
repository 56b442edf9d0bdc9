// SPDX-License-Identifier: Apache-2.0
//
// Between twenty and forty connections, opened and closed by chance, each with buffers of its own.
//
// truth: healthy

#include <memory>
#include <string>
#include <vector>

#include "test/corpus/rounds.h"

struct Connection {
  explicit Connection(int id)
      : peer("peer at an address that is long " + std::to_string(id)), input(4096), output(4096) {}
  std::string peer;
  std::vector<char> input;
  std::vector<char> output;
};

static std::vector<std::unique_ptr<Connection>> open_connections;

SILT_NOINLINE static void open_one(int id) {
  open_connections.push_back(std::make_unique<Connection>(id));
}

SILT_NOINLINE static void close_one() {
  const size_t victim = chance(static_cast<uint32_t>(open_connections.size()));
  std::swap(open_connections[victim], open_connections.back());
  open_connections.pop_back();
}

int main() {
  for (int i = 0; i < 30; i++) open_one(i);
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 320; i++) {
      const size_t open = open_connections.size();
      if (open <= 20 || (open < 40 && chance(2) == 0)) {
        open_one(i);
      } else {
        close_one();
      }
      pace(i, 320);
    }
    take_snapshot();
  }
  return 0;
}
