// SPDX-License-Identifier: Apache-2.0
//
// A producer and a consumer of equal pace, in bursts: the queue between them is sometimes long and
// always emptied again.
//
// truth: healthy

#include <deque>
#include <memory>

#include "test/corpus/rounds.h"

struct Message {
  char body[200];
};

static std::deque<std::unique_ptr<Message>> queue;

SILT_NOINLINE static void produce() { queue.push_back(std::make_unique<Message>()); }

int main() {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 320; i++) {
      const uint32_t burst = chance(4);
      for (uint32_t k = 0; k < burst; k++) produce();
      const uint32_t capacity = 1 + chance(4);
      for (uint32_t k = 0; k < capacity && !queue.empty(); k++) queue.pop_front();
      pace(i, 320);
    }
    take_snapshot();
  }
  return 0;
}
