// SPDX-License-Identifier: Apache-2.0
//
// A queue whose consumer is slower than its producer: every block is freed in the end, in order,
// and yet the backlog grows without bound. Old generations do go, so `growing` is right as well.
//
// truth: leak message or growing

#include <deque>
#include <string>

#include "test/corpus/rounds.h"

class Outbox {
 public:
  SILT_NOINLINE void send(int id) { messages_.emplace_back(200 + id % 50, 'm'); }  // LEAK: message
  void deliver() {
    if (!messages_.empty()) messages_.pop_front();
  }
  size_t size() const { return messages_.size(); }

 private:
  std::deque<std::string> messages_;
};

int main() {
  Outbox outbox;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 480; i++) {
      outbox.send(i);
      if (i % 3 == 0) outbox.deliver();
      pace(i, 480);
    }
    take_snapshot();
  }
  return outbox.size() == 0;
}
