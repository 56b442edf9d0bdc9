// SPDX-License-Identifier: Apache-2.0
//
// The rows of a compact snapshot (format/changes.h): how they differ from those of its base. Coded
// in memory first, so that whoever finds that they cannot be told that way may still write them
// whole. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_CHANGED_ROWS_H_
#define SILT_INTERPOSER_SNAPSHOT_CHANGED_ROWS_H_

#include <cstdint>

#include "interposer/snapshot/column_writer.h"
#include "interposer/snapshot/rows.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/series_base.h"

namespace silt::snapshot {

class ChangedRows {
 public:
  // `generation`: Meta::generation. `keep`: where all rows are kept as well, nullptr: nowhere.
  // False: there was no memory, or more generations than a reader takes for true.
  bool gather(const SeriesBase& base, const NodeNumbers& numbers, uint64_t most_generations,
              uint32_t generation, Rows& rows, RowList* keep);
  void write(SectionWriter& out) const;
  uint64_t size() const { return coded_.size; }

 private:
  void add_change(const Row& before, const Row& now, uint64_t scale);
  void add_generations(const Row& before, const Row& now);

  ColumnWriter columns_;
  ColumnWriter::Coded coded_{};
  uint64_t scale_ = 0;
  uint64_t new_generations_ = 0;
  uint32_t generation_ = 0;
  uint32_t count_ = 0;
  uint32_t added_ = 0;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_CHANGED_ROWS_H_
