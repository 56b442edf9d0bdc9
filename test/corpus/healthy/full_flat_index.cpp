// SPDX-License-Identifier: Apache-2.0
//
// A cache that is full half way through the run, with an index in one flat block that doubles as
// the cache fills: after its last doubling it is the only thing that has not been seen to stop.
//
// truth: healthy

#include <memory>
#include <string>
#include <vector>

#include "test/corpus/rounds.h"

class FlatIndex {
 public:
  SILT_NOINLINE void insert(uint64_t key) {
    if ((used_ + 1) * 8 > keys_.size() * 7) rehash(keys_.size() * 2);
    put(key);
    ++used_;
  }
  void erase(uint64_t key) {
    const size_t mask = keys_.size() - 1;
    size_t at = hash(key) & mask;
    while (keys_[at] != key) at = (at + 1) & mask;
    keys_[at] = kGone;
    --used_;
    if (++gone_ > keys_.size() / 8) rehash(keys_.size());
  }

 private:
  static constexpr uint64_t kGone = ~uint64_t{0};
  static size_t hash(uint64_t key) { return key * 0x9E3779B97F4A7C15u >> 20; }
  void put(uint64_t key) {
    const size_t mask = keys_.size() - 1;
    size_t at = hash(key) & mask;
    while (keys_[at] != 0 && keys_[at] != kGone) at = (at + 1) & mask;
    keys_[at] = key;
  }
  SILT_NOINLINE void rehash(size_t size) {
    const std::vector<uint64_t> old = std::move(keys_);
    keys_.assign(size, 0);
    gone_ = 0;
    for (const uint64_t key : old) {
      if (key != 0 && key != kGone) put(key);
    }
  }
  std::vector<uint64_t> keys_ = std::vector<uint64_t>(64);
  size_t used_ = 0;
  size_t gone_ = 0;
};

class Cache {
 public:
  Cache() { entries_.reserve(kEntries); }
  SILT_NOINLINE void get(uint64_t key) {
    index_.insert(key);
    auto entry = std::make_unique<Entry>(Entry{key, std::string(100 + key % 400, 'v')});
    if (entries_.size() < kEntries) {
      entries_.push_back(std::move(entry));
      return;
    }
    std::unique_ptr<Entry>& old = entries_[key * 7919 % kEntries];
    index_.erase(old->key);
    old = std::move(entry);
  }

 private:
  static constexpr size_t kEntries = 2000;
  struct Entry {
    uint64_t key;
    std::string value;
  };
  FlatIndex index_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

int main() {
  Cache cache;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 370; i++) {
      cache.get(static_cast<uint64_t>(round * 370 + i + 1));
      pace(i, 370);
    }
    take_snapshot();
  }
  return 0;
}
