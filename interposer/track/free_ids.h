// SPDX-License-Identifier: Apache-2.0
//
// Ids of nodes that were given back and are not used again yet, a bit each. Any thread takes one;
// whoever folds (folding.h) puts them in. Where there are none, asking costs one load. Hook
// context.

#ifndef SILT_INTERPOSER_TRACK_FREE_IDS_H_
#define SILT_INTERPOSER_TRACK_FREE_IDS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/track/ids.h"

namespace silt::track {

class FreeIds {
 public:
  static constexpr uint32_t kWordIds = 64;

  uint32_t count() const { return count_.load(std::memory_order_relaxed); }

  // Takes this id; false when it is not free, or another thread was quicker.
  bool take(uint32_t id) { return count() != 0 && take_slow(id); }
  // Takes the one that comes first, so that those of one path lie side by side; 0: there is none.
  // `limit`: of the ids that were ever handed out.
  uint32_t take_first(uint32_t limit) { return count() == 0 ? 0 : take_first_slow(limit); }

  // False when there is no memory to remember that the id is free.
  bool has_room_for(uint32_t id) { return words_.ensure(id / kWordIds) != nullptr; }
  // There has to be room.
  void put(uint32_t id);
  void put_all(uint32_t first, uint32_t count);

  // None is free any more. `limit`: of the ids that were ever handed out; nobody takes one now.
  void clear(uint32_t limit) {
    for (uint32_t id = 0; count() != 0 && id < limit; id += kWordIds) {
      if (auto* const word = words_.find(id / kWordIds)) word->store(0, std::memory_order_relaxed);
    }
    count_.store(0, std::memory_order_relaxed);
    first_word_.store(0, std::memory_order_relaxed);
  }

  // Which of the kWordIds ids from this one on, which begins a word, are free.
  uint64_t bits(uint32_t first);
  // Takes all that is free of so many words from `first` on. Every id of them must be free or set
  // in `others`; false, with nothing done, where one was taken meanwhile.
  bool withdraw(uint32_t first, const uint64_t* others, size_t words);

 private:
  static constexpr size_t kWords = kMaximumNodes / kWordIds;

  bool take_slow(uint32_t id);
  uint32_t take_first_slow(uint32_t limit);
  void put_bits(std::atomic<uint64_t>& word, uint64_t bits);
  void look_from(uint32_t id);

  base::ChunkedArray<std::atomic<uint64_t>, 512, kWords / 512> words_;
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> first_word_{0};  // none before it has a bit, as far as is known
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_FREE_IDS_H_
