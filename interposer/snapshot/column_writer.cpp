// SPDX-License-Identifier: Apache-2.0
//
// See column_writer.h. Signal context.

#include "interposer/snapshot/column_writer.h"

#include "interposer/base/memory.h"
#include "interposer/snapshot/varint.h"

namespace silt::snapshot {
namespace {

using format::kFrequencies;
using format::kFrequencyBits;
using format::kLeastState;
using format::kSymbols;

struct Code {
  uint32_t frequency;
  uint32_t begin;  // of its range
};

// Frequencies in proportion to the counts, each that occurs at least 1. False: there are none.
bool make_codes(const uint8_t* symbols, uint64_t count, Code* codes) {
  uint64_t counts[kSymbols]{};
  for (uint64_t i = 0; i < count; ++i) ++counts[symbols[i]];
  uint32_t sum = 0;
  uint32_t largest = 0;
  for (uint32_t i = 0; i < kSymbols; ++i) {
    uint32_t frequency = 0;
    if (counts[i] != 0) {
      const uint64_t part = counts[i] * kFrequencies / count;
      frequency = part == 0 ? 1 : static_cast<uint32_t>(part);
    }
    codes[i].frequency = frequency;
    sum += frequency;
    if (frequency > codes[largest].frequency) largest = i;
  }
  if (count == 0) return false;
  if (sum <= kFrequencies) codes[largest].frequency += kFrequencies - sum;
  // At most kSymbols times: rare ones have more than their part.
  for (; sum > kFrequencies; --sum) {
    Code* most = codes;
    for (uint32_t i = 1; i < kSymbols; ++i) {
      if (codes[i].frequency > most->frequency) most = &codes[i];
    }
    --most->frequency;
  }
  uint32_t begin = 0;
  for (uint32_t i = 0; i < kSymbols; ++i) {
    codes[i].begin = begin;
    begin += codes[i].frequency;
  }
  return true;
}

// n, then a symbol and a frequency each; the number of words and the state.
constexpr size_t kLongestHead = 10 + kSymbols * 4 + 10 + 4;

}  // namespace

ColumnWriter::~ColumnWriter() {
  if (memory_ != nullptr) base::unmap_memory(memory_, memory_bytes_);
}

bool ColumnWriter::make_room(uint64_t most) {
  const uint64_t bits = (most + 2) * sizeof(uint64_t);
  const uint64_t gathered = most + bits;
  const uint64_t words = most * sizeof(uint16_t);
  const uint64_t coded = kLongestHead + words + bits;
  memory_bytes_ = format::kColumns * (gathered + coded) + words;
  memory_ = static_cast<uint8_t*>(base::map_memory(memory_bytes_));
  if (memory_ == nullptr) return false;
  uint8_t* at = memory_;
  for (Gathered& column : gathered_) {
    column = {};
    column.symbols = at;
    column.bits = at + most;
    at += gathered;
  }
  coded_ = at;
  return true;
}

ColumnWriter::Coded ColumnWriter::code() {
  Coded coded{coded_, 0, {}};
  uint8_t* at = coded_;
  for (uint32_t i = 0; i < format::kColumns; ++i) {
    uint8_t* const end = code(gathered_[i], at);
    coded.sizes[i] = static_cast<size_t>(end - at);
    at = end;
  }
  coded.size = static_cast<size_t>(at - coded_);
  return coded;
}

uint8_t* ColumnWriter::code(const Gathered& from, uint8_t* at) {
  Code codes[kSymbols];
  if (!make_codes(from.symbols, from.count, codes)) return at;

  // From the last symbol to the first, so that a reader meets them in order; words go down.
  uint8_t* const words_end = memory_ + memory_bytes_;
  uint8_t* words = words_end;
  uint64_t state = kLeastState;
  for (uint64_t i = from.count; i > 0; --i) {
    const Code& code = codes[from.symbols[i - 1]];
    if (state >= uint64_t{code.frequency} << (32 - kFrequencyBits)) {
      words -= sizeof(uint16_t);
      const auto word = static_cast<uint16_t>(state);
      __builtin_memcpy(words, &word, sizeof(word));
      state >>= 16;
    }
    const auto state32 = static_cast<uint32_t>(state);
    state = (uint64_t{state32 / code.frequency} << kFrequencyBits) + state32 % code.frequency +
            code.begin;
  }

  uint32_t used = 0;
  for (const Code& code : codes) used += code.frequency != 0 ? 1 : 0;
  at = put_varint(at, used);
  uint32_t before = 0;
  for (uint32_t i = 0; i < kSymbols; ++i) {
    if (codes[i].frequency == 0) continue;
    at = put_varint(at, i - before);
    at = put_varint(at, codes[i].frequency);
    before = i;
  }
  const auto words_bytes = static_cast<size_t>(words_end - words);
  at = put_varint(at, words_bytes / sizeof(uint16_t));
  const auto last = static_cast<uint32_t>(state);
  __builtin_memcpy(at, &last, sizeof(last));
  at += sizeof(last);
  __builtin_memcpy(at, words, words_bytes);
  at += words_bytes;
  __builtin_memcpy(at, from.bits, from.bytes);
  at += from.bytes;
  const uint32_t rest = (from.pending_count + 7) / 8;
  __builtin_memcpy(at, &from.pending, rest);
  at += rest;
  return at;
}

}  // namespace silt::snapshot
