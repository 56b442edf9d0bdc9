// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/column_reader.h"

#include <algorithm>
#include <cstring>

#include "symbolizer/base/cursor.h"

namespace silt::read {

bool ColumnReader::open(std::string_view bytes) {
  if (bytes.empty()) {  // whoever asks for a number needs a word, and there is none
    symbols_[0] = 0;
    codes_[0] = {1, 0};
    return true;
  }
  Cursor cursor(bytes);
  const uint64_t used = cursor.varint();
  if (!cursor.ok() || used == 0 || used > format::kSymbols) return false;
  uint64_t symbol = 0;
  uint32_t begin = 0;
  for (uint64_t i = 0; i < used; ++i) {
    const uint64_t distance = cursor.varint();
    const uint64_t frequency = cursor.varint();
    if (!cursor.ok() || (i > 0 && distance == 0) || distance >= format::kSymbols - symbol ||
        frequency == 0 || frequency > format::kFrequencies - begin) {
      return false;
    }
    symbol += distance;
    codes_[symbol] = {static_cast<uint32_t>(frequency), begin};
    std::fill_n(symbols_.begin() + begin, frequency, static_cast<uint8_t>(symbol));
    begin += static_cast<uint32_t>(frequency);
  }
  const uint64_t words = cursor.varint();
  if (!cursor.ok() || begin != format::kFrequencies) return false;
  const std::string_view rest = bytes.substr(cursor.position());
  uint32_t state = 0;
  if (rest.size() < sizeof(state) || (rest.size() - sizeof(state)) / 2 < words) return false;
  std::memcpy(&state, rest.data(), sizeof(state));
  if (state < format::kLeastState) return false;
  state_ = state;
  word_ = rest.data() + sizeof(state);
  words_end_ = bit_bytes_ = word_ + 2 * words;
  end_ = rest.data() + rest.size();
  return true;
}

bool ColumnReader::refill() {
  if (pending_count_ == 0 && end_ - bit_bytes_ >= 8) {
    std::memcpy(&pending_, bit_bytes_, 8);
    bit_bytes_ += 8;
    pending_count_ = 64;
    return true;
  }
  for (; pending_count_ <= 56 && bit_bytes_ != end_; pending_count_ += 8) {
    pending_ |= uint64_t{static_cast<uint8_t>(*bit_bytes_++)} << pending_count_;
  }
  return pending_count_ != 0;
}

uint64_t ColumnReader::bits_slow(uint32_t count) {
  uint64_t value = 0;
  for (uint32_t have = 0; have < count;) {
    if (pending_count_ == 0 && !refill()) return fail();
    const uint32_t take = std::min(count - have, pending_count_);
    const uint64_t mask = take == 64 ? ~uint64_t{0} : (uint64_t{1} << take) - 1;
    value |= (pending_ & mask) << have;
    pending_ = take == 64 ? 0 : pending_ >> take;
    pending_count_ -= take;
    have += take;
  }
  return value;
}

bool ColumnReader::at_end() const {
  return ok_ && state_ == format::kLeastState && word_ == words_end_ && bit_bytes_ == end_ &&
         pending_count_ < 8;
}

}  // namespace silt::read
