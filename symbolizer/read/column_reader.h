// SPDX-License-Identifier: Apache-2.0
//
// One column of numbers of a compact snapshot (interposer/format/changes.h). How many there are is
// not in the file: whoever asks for more than there are gets 0, and `ok` is false from then on. A
// number may take no bits at all, so callers bound what they ask for by something else.

#ifndef SILT_SYMBOLIZER_READ_COLUMN_READER_H_
#define SILT_SYMBOLIZER_READ_COLUMN_READER_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "interposer/format/changes.h"

namespace silt::read {

class ColumnReader {
 public:
  // The bytes must stay. False: they are no column.
  bool open(std::string_view bytes);

  uint64_t next();
  bool ok() const { return ok_; }
  // All of it was asked for.
  bool at_end() const;

 private:
  struct Code {
    uint32_t frequency = 0;
    uint32_t begin = 0;
  };

  uint64_t bits(uint32_t count);
  bool refill();

  std::array<uint8_t, format::kFrequencies> symbols_;  // by slot
  std::array<Code, format::kSymbols> codes_;
  const char* word_ = nullptr;
  const char* words_end_ = nullptr;
  const char* bit_bytes_ = nullptr;
  const char* end_ = nullptr;
  uint64_t state_ = format::kLeastState;
  uint64_t pending_ = 0;  // bits that were loaded
  uint32_t pending_count_ = 0;
  bool empty_ = true;
  bool ok_ = true;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_COLUMN_READER_H_
