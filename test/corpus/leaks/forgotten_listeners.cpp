// SPDX-License-Identifier: Apache-2.0
//
// Each view subscribes to a bus and is destroyed; the subscription, a callback that captures the
// view's title, stays in the registry.
//
// truth: leak listener

#include <functional>
#include <list>
#include <string>

#include "test/corpus/rounds.h"

class Bus {
 public:
  void subscribe(std::function<void(int)> listener) {
    listeners_.push_back(std::move(listener));  // LEAK: listener
  }
  size_t size() const { return listeners_.size(); }

 private:
  std::list<std::function<void(int)>> listeners_;
};

static Bus bus;
static int shown;

class View {
 public:
  SILT_NOINLINE explicit View(int id)
      : title_("view of the item with number " + std::to_string(id)) {
    const auto on_change = [title = title_](int value) { shown += value + title[0]; };
    bus.subscribe(on_change);  // LEAK: listener
  }

 private:
  std::string title_;
};

int main() {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      View view(i);
      keep(&view);
      pace(i, 160);
    }
    take_snapshot();
  }
  return bus.size() == 0;
}
