// SPDX-License-Identifier: Apache-2.0
//
// Numbers as columns (format/changes.h): those of a column are gathered in memory that is mapped
// for one snapshot, and coded when all are there. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_COLUMN_WRITER_H_
#define SILT_INTERPOSER_SNAPSHOT_COLUMN_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "interposer/format/changes.h"

namespace silt::snapshot {

class ColumnWriter {
 public:
  ColumnWriter() = default;
  ~ColumnWriter();
  ColumnWriter(const ColumnWriter&) = delete;
  ColumnWriter& operator=(const ColumnWriter&) = delete;

  // Room for so many numbers in each column; touched as it is used. False: there was no memory.
  bool make_room(uint64_t most);

  // Within that room.
  void add(format::Column column, uint64_t value) {
    Gathered& to = gathered_[static_cast<uint32_t>(column)];
    const uint32_t symbol = format::symbol_of(value);
    to.symbols[to.count++] = static_cast<uint8_t>(symbol);
    const uint32_t bits = format::bits_of(symbol);
    if (bits != 0) add_bits(to, value & ((uint64_t{1} << bits) - 1), bits);
  }

  // Codes all columns, one behind the other. Once.
  struct Coded {
    const uint8_t* data;
    size_t size;
    size_t sizes[format::kColumns];
  };
  Coded code();

 private:
  struct Gathered {
    uint8_t* symbols;
    uint8_t* bits;
    uint64_t count;
    uint64_t bytes;    // of bits that are whole
    uint64_t pending;  // bits that are none yet
    uint32_t pending_count;
  };

  uint8_t* code(const Gathered& from, uint8_t* at);
  static void add_bits(Gathered& to, uint64_t value, uint32_t count) {
    to.pending |= value << to.pending_count;
    const uint32_t room = 64 - to.pending_count;
    if (count < room) {
      to.pending_count += count;
      return;
    }
    __builtin_memcpy(to.bits + to.bytes, &to.pending, sizeof(to.pending));
    to.bytes += sizeof(to.pending);
    to.pending = room == 64 ? 0 : value >> room;
    to.pending_count = count - room;
  }

  Gathered gathered_[format::kColumns]{};
  uint8_t* memory_ = nullptr;
  size_t memory_bytes_ = 0;
  uint8_t* coded_ = nullptr;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_COLUMN_WRITER_H_
