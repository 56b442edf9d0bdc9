// SPDX-License-Identifier: Apache-2.0
//
// One column of numbers of a compact snapshot (interposer/format/changes.h). How many there are is
// not in the file: whoever asks for more than there are gets 0, and `ok` is false from then on. A
// number may take no bits at all, so callers bound what they ask for by something else.

#ifndef SILT_SYMBOLIZER_READ_COLUMN_READER_H_
#define SILT_SYMBOLIZER_READ_COLUMN_READER_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "interposer/format/changes.h"

namespace silt::read {

class ColumnReader {
 public:
  // The bytes must stay. False: they are no column.
  bool open(std::string_view bytes);

  uint64_t next() {
    if (!ok_) [[unlikely]]
      return 0;
    const auto slot = static_cast<uint32_t>(state_ % format::kFrequencies);
    const uint32_t symbol = symbols_[slot];
    const Code code = codes_[symbol];
    state_ = code.frequency * (state_ / format::kFrequencies) + slot - code.begin;
    if (state_ < format::kLeastState) {
      if (word_ == words_end_) return fail();
      uint16_t word = 0;
      std::memcpy(&word, word_, sizeof(word));
      word_ += sizeof(word);
      state_ = state_ << 16 | word;
    }
    const uint32_t count = format::bits_of(symbol);
    return count == 0 ? symbol : format::begin_of(symbol) | bits(count);
  }
  bool ok() const { return ok_; }
  // All of it was asked for.
  bool at_end() const;

 private:
  struct Code {
    uint32_t frequency = 0;
    uint32_t begin = 0;
  };

  uint64_t bits(uint32_t count) {
    if (count > pending_count_) [[unlikely]]
      return bits_slow(count);
    const uint64_t value = pending_ & ((uint64_t{1} << count) - 1);  // never all 64
    pending_ >>= count;
    pending_count_ -= count;
    return value;
  }
  uint64_t bits_slow(uint32_t count);
  bool refill();
  uint64_t fail() {
    ok_ = false;
    return 0;
  }

  std::array<uint8_t, format::kFrequencies> symbols_;  // by slot
  std::array<Code, format::kSymbols> codes_;
  const char* word_ = nullptr;
  const char* words_end_ = nullptr;
  const char* bit_bytes_ = nullptr;
  const char* end_ = nullptr;
  uint64_t state_ = format::kLeastState;
  uint64_t pending_ = 0;  // bits that were loaded
  uint32_t pending_count_ = 0;
  bool ok_ = true;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_COLUMN_READER_H_
