// SPDX-License-Identifier: Apache-2.0
//
// A least-recently-used cache that fills steadily through the first half of the run, like a leak,
// then stays at its bound with turnover.
//
// truth: healthy

#include <list>
#include <string>
#include <unordered_map>

#include "test/corpus/rounds.h"

class Cache {
 public:
  SILT_NOINLINE const std::string& get(int key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->second;
    }
    entries_.emplace_front(key, std::string(150 + key % 100, 'v'));
    index_[key] = entries_.begin();
    if (entries_.size() > 720) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    return entries_.front().second;
  }

 private:
  std::list<std::pair<int, std::string>> entries_;
  std::unordered_map<int, std::list<std::pair<int, std::string>>::iterator> index_;
};

int main() {
  Cache cache;
  size_t sum = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 120; i++) {
      sum += cache.get(round * 120 + i).size();
      sum += cache.get(round * 120 + static_cast<int>(chance(static_cast<uint32_t>(i) + 1))).size();
      pace(i, 120);
    }
    take_snapshot();
  }
  return sum == 0;
}
