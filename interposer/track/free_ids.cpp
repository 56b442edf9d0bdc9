// SPDX-License-Identifier: Apache-2.0
//
// See free_ids.h.

#include "interposer/track/free_ids.h"

namespace silt::track {

bool FreeIds::take_slow(uint32_t id) {
  std::atomic<uint64_t>* const word = words_.find(id / kWordIds);
  const uint64_t bit = uint64_t{1} << id % kWordIds;
  if (word == nullptr || (word->load(std::memory_order_relaxed) & bit) == 0) return false;
  if ((word->fetch_and(~bit, std::memory_order_acq_rel) & bit) == 0) return false;
  count_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

uint32_t FreeIds::take_first_slow(uint32_t limit) {
  const uint32_t words = limit / kWordIds + 1;
  for (uint32_t at = first_word_.load(std::memory_order_relaxed); at < words; ++at) {
    std::atomic<uint64_t>* const word = words_.find(at);
    uint64_t bits = word == nullptr ? 0 : word->load(std::memory_order_relaxed);
    while (bits != 0) {
      const uint32_t id = at * kWordIds + static_cast<uint32_t>(__builtin_ctzll(bits));
      if (take_slow(id)) {
        first_word_.store(at, std::memory_order_relaxed);
        return id;
      }
      bits &= bits - 1;
    }
  }
  // All were taken meanwhile; or they lie before where others have come to, and the next finds
  // them.
  first_word_.store(0, std::memory_order_relaxed);
  return 0;
}

void FreeIds::put(uint32_t id) {
  put_bits(words_[id / kWordIds], uint64_t{1} << id % kWordIds);
  look_from(id);
}

void FreeIds::put_all(uint32_t first, uint32_t count) {
  for (uint32_t id = first; id < first + count; id += kWordIds) {
    put_bits(words_[id / kWordIds], UINT64_MAX);
  }
  look_from(first);
}

uint64_t FreeIds::bits(uint32_t first) {
  const std::atomic<uint64_t>* const word = words_.find(first / kWordIds);
  return word == nullptr ? 0 : word->load(std::memory_order_relaxed);
}

bool FreeIds::withdraw(uint32_t first, const uint64_t* others, size_t words) {
  if (!has_room_for(first)) return false;
  // Somebody may have been given one meanwhile: then all that is free goes back.
  for (size_t i = 0; i < words; ++i) {
    std::atomic<uint64_t>& word = words_[first / kWordIds + i];
    const uint64_t taken = word.exchange(0, std::memory_order_acq_rel);
    count_.fetch_sub(static_cast<uint32_t>(__builtin_popcountll(taken)), std::memory_order_relaxed);
    if ((taken | others[i]) == UINT64_MAX) continue;
    put_bits(word, taken);
    while (i-- > 0) put_bits(words_[first / kWordIds + i], ~others[i]);
    return false;
  }
  return true;
}

void FreeIds::put_bits(std::atomic<uint64_t>& word, uint64_t bits) {
  word.fetch_or(bits, std::memory_order_release);
  count_.fetch_add(static_cast<uint32_t>(__builtin_popcountll(bits)), std::memory_order_relaxed);
}

void FreeIds::look_from(uint32_t id) {
  if (first_word_.load(std::memory_order_relaxed) > id / kWordIds) {
    first_word_.store(id / kWordIds, std::memory_order_relaxed);
  }
}

}  // namespace silt::track
