// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of a snapshot so that later ones may tell only how they differ from it
// (format/changes.h): its nodes' numbers, and its rows. Only where snapshots are thinned: such a
// recording is meant to run for weeks, and thinning knows which of them others need. Signal
// context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_SERIES_BASE_H_
#define SILT_INTERPOSER_SNAPSHOT_SERIES_BASE_H_

#include <cstddef>
#include <cstdint>

#include "interposer/format/changes.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/snapshot/rows.h"

namespace silt::snapshot {

// Rows one behind the other, small: node minus the one before, allocated blocks and bytes, number
// of generations, and of each its code, blocks and bytes, as varints.
class RowList {
 public:
  RowList() = default;
  ~RowList();
  RowList(const RowList&) = delete;
  RowList& operator=(const RowList&) = delete;

  // False: there was no memory.
  bool make_room(uint64_t most_rows, uint64_t most_generations);
  void add(uint32_t number, const Row& row);

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  uint32_t count() const { return count_; }

 private:
  uint8_t* data_ = nullptr;
  size_t room_ = 0;
  size_t size_ = 0;
  uint32_t count_ = 0;
  uint32_t last_ = 0;
};

// Reads them again.
class RowListReader {
 public:
  RowListReader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool next();  // false: no more
  uint32_t number() const { return number_; }
  const Row& row() const { return row_; }

 private:
  uint64_t varint();

  const uint8_t* at_;
  const uint8_t* end_;
  uint32_t number_ = 0;
  Row row_;
};

class SeriesBase {
 public:
  bool there() const { return numbers_ != nullptr; }
  void forget();

  const format::BaseEntry& entry() const { return entry_; }
  uint32_t chain() const { return chain_; }  // how many bases it has itself
  uint64_t allocated_blocks() const { return allocated_blocks_; }
  uint64_t generations() const { return generations_; }
  RowListReader rows() const { return {rows_, rows_bytes_}; }
  size_t rows_bytes() const { return rows_bytes_; }
  uint32_t row_count() const { return row_count_; }

  // The node that had this number there; the root: it is gone.
  track::NodeId node(uint32_t number) const;

  // Remembers a snapshot instead; false, and nothing is remembered, when there was no memory.
  bool remember(const format::BaseEntry& entry, uint32_t chain, const NodeNumbers& numbers,
                const RowList& rows, const RowTotals& totals, uint64_t generations);

 private:
  struct Numbered {
    track::NodeId id;
    uint32_t birth;  // ids are used again, births are not
  };

  format::BaseEntry entry_;
  uint32_t chain_;
  uint32_t row_count_;
  uint64_t allocated_blocks_;
  uint64_t generations_;
  Numbered* numbers_;
  uint8_t* rows_;
  size_t rows_bytes_;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_SERIES_BASE_H_
