// SPDX-License-Identifier: Apache-2.0
//
// One leaking helper that is reached by three routes (a virtual call, a std::function and a plain
// call): three stacks, one leak.
//
// truth: leak span

#include <functional>
#include <memory>

#include "test/corpus/rounds.h"

struct Span {
  int id;
  char name[60];
};

SILT_NOINLINE static int trace(int id) {
  Span* span = new Span;  // LEAK: span
  span->id = id;
  snprintf(span->name, sizeof span->name, "span %d", id);
  keep(span);
  return span->id & 1;
}

class Handler {
 public:
  virtual ~Handler() = default;
  virtual int handle(int id) = 0;
};

class PageHandler : public Handler {
 public:
  SILT_NOINLINE int handle(int id) override { return trace(id) + 1; }
};

SILT_NOINLINE static int handle_image(int id) { return trace(id) + 2; }

int main() {
  const std::unique_ptr<Handler> page = std::make_unique<PageHandler>();
  const std::function<int(int)> image = handle_image;
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 240; i++) {
      const uint32_t route = chance(3);
      if (route == 0) sum += page->handle(i);
      if (route == 1) sum += image(i);
      if (route == 2) sum += trace(i);
      pace(i, 240);
    }
    take_snapshot();
  }
  return sum == 0;
}
