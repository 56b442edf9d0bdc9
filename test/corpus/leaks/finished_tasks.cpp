// SPDX-License-Identifier: Apache-2.0
//
// Futures of finished tasks that stay in a list because nobody reaps them.
//
// truth: leak task

#include <future>
#include <list>

#include "test/corpus/rounds.h"

class Scheduler {
 public:
  SILT_NOINLINE void run(int id) {
    std::promise<int> promise;                 // LEAK: task
    results_.push_back(promise.get_future());  // LEAK: task
    promise.set_value(id * 2);
  }
  size_t size() const { return results_.size(); }

 private:
  std::list<std::future<int>> results_;
};

int main() {
  Scheduler scheduler;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      scheduler.run(i);
      pace(i, 160);
    }
    take_snapshot();
  }
  return scheduler.size() == 0;
}
