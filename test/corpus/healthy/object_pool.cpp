// SPDX-License-Identifier: Apache-2.0
//
// A pool that makes objects when it has none to lend and never gives them back to the allocator;
// the number lent at once varies, so its size creeps to the largest need within a few rounds.
//
// truth: healthy

#include <memory>
#include <vector>

#include "test/corpus/rounds.h"

struct Buffer {
  char bytes[1024];
};

class Pool {
 public:
  SILT_NOINLINE Buffer* lend() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Buffer>());
      return all_.back().get();
    }
    Buffer* buffer = free_.back();
    free_.pop_back();
    return buffer;
  }
  void give_back(Buffer* buffer) { free_.push_back(buffer); }

 private:
  std::vector<std::unique_ptr<Buffer>> all_;
  std::vector<Buffer*> free_;
};

int main() {
  Pool pool;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      Buffer* lent[24];
      const uint32_t count = 1 + chance(24);
      for (uint32_t k = 0; k < count; k++) lent[k] = pool.lend();
      for (uint32_t k = 0; k < count; k++) {
        lent[k]->bytes[0] = static_cast<char>(k);
        pool.give_back(lent[k]);
      }
      pace(i, 160);
    }
    take_snapshot();
  }
  return 0;
}
