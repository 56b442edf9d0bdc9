// SPDX-License-Identifier: Apache-2.0
//
// A cache that does evict, but only from its index: the values stay in a list that nobody trims.
// The index is healthy (at its bound, with turnover), the values leak.
//
// truth: leak value

#include <deque>
#include <list>
#include <string>
#include <unordered_map>

#include "test/corpus/rounds.h"

class Cache {
 public:
  SILT_NOINLINE void put(int key) {
    const std::string* value = keep_value(key);
    index_[key] = value;
    order_.push_back(key);
    if (order_.size() > 100) {
      index_.erase(order_.front());
      order_.pop_front();
    }
  }
  size_t size() const { return index_.size(); }

 private:
  SILT_NOINLINE const std::string* keep_value(int key) {
    values_.emplace_back(100 + key % 64, 'v');  // LEAK: value
    return &values_.back();
  }
  std::unordered_map<int, const std::string*> index_;
  std::deque<int> order_;
  std::list<std::string> values_;
};

int main() {
  Cache cache;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 240; i++) {
      cache.put(round * 240 + i);
      pace(i, 240);
    }
    take_snapshot();
  }
  _exit(cache.size() != 100);
}
