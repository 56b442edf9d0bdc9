// SPDX-License-Identifier: Apache-2.0
//
// The plainest leak there is, in steps: at each line read it leaks a known number of blocks through
// an inlined function, and fills a table that was filled before. The test names the line below.

#include <string>
#include <unordered_map>
#include <vector>

#include "test/programs/truth.h"

namespace {

class Registry {
 public:
  [[gnu::always_inline]] inline void add() {
    names_.push_back(static_cast<char*>(malloc(4507)));  // growth.cpp: the leaking line
    VICTIM_KEEP(names_.back());
  }

 private:
  std::vector<char*> names_ = make_room();
  static std::vector<char*> make_room() {
    std::vector<char*> room;
    room.reserve(100000);
    return room;
  }
};

Registry registry;
std::unordered_map<int, std::string> table;

VICTIM_FRAME void handle_request() {
  registry.add();
  VICTIM_STAY();
}

VICTIM_FRAME void fill_table() {
  for (int i = 0; i < 100; ++i) table[i] = std::string(64 + static_cast<size_t>(i), 'x');
}

}  // namespace

int main() {
  fill_table();
  for (int step = 0; step < 6; ++step) {
    for (int i = 0; i < 100; ++i) handle_request();
    fill_table();
    ready("step");
  }
  expect_blocks("handle_request", 600, 4507, 0);
  expect_blocks("add", 600, 4507, 0);
  return 0;
}
