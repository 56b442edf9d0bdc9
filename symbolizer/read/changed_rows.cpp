// SPDX-License-Identifier: Apache-2.0
//
// The rows of a compact snapshot, from those of its base and its columns (format/changes.h), merged
// by node. Figures are held to the same bounds as everywhere: a base and columns that do not fit
// each other come to impossible ones sooner or later, and to none that is out of range.

#include <memory>
#include <utility>

#include "interposer/format/changes.h"
#include "symbolizer/base/cursor.h"
#include "symbolizer/read/column_reader.h"
#include "symbolizer/read/section_items.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {
namespace {

using format::Column;

class Merge {
 public:
  Merge(const StackRows& base, uint32_t generation) : base_(base), generation_(generation) {}

  bool open(std::string_view section) {
    Cursor cursor(section);
    scale_ = cursor.varint();
    added_ = cursor.varint();
    uint64_t sizes[format::kColumns];
    for (uint64_t& size : sizes) size = cursor.varint();
    if (!cursor.ok()) return false;
    std::string_view rest = section.substr(cursor.position());
    for (uint32_t i = 0; i < format::kColumns; ++i) {
      if (sizes[i] > rest.size() || !columns_[i].open(rest.substr(0, sizes[i]))) return false;
      rest.remove_prefix(sizes[i]);
    }
    return rest.empty();
  }

  // What is allowed of generations that the base has not.
  void allow(uint64_t new_generations) { allowed_ = new_generations; }

  // Appends row `index` of the base as it is now, or nothing where it is gone; false: impossible.
  bool add_changed(size_t index, StackRows& out) {
    const StackRow& then = base_.rows[index];
    const uint64_t change = next(Column::kBlocks);
    if (change == 1) return true;
    StackRow row;
    row.node = then.node;
    const uint64_t blocks =
        change == 0 ? 0 : unzigzag(change - 2) + format::grown(then.allocated_blocks, scale_);
    row.allocated_blocks = then.allocated_blocks + blocks;
    row.allocated_bytes = then.allocated_bytes + unzigzag(next(Column::kBytes)) +
                          format::bytes_of(blocks, then.allocated_blocks, then.allocated_bytes);
    const size_t end = index + 1 < base_.rows.size() ? base_.rows[index + 1].generations_begin
                                                     : base_.generations.size();
    return add(row, then.generations_begin, end, then.live_blocks, out);
  }

  bool add_new(NodeId node, StackRows& out) {
    StackRow row;
    row.node = node;
    row.allocated_blocks = next(Column::kAddedBlocks);
    row.allocated_bytes = next(Column::kAddedBytes);
    return add(row, 0, 0, 0, out);
  }

  // How far behind the last one the next row is that the base has not; 0: there is no more.
  uint64_t gap() {
    if (added_ == 0) return 0;
    --added_;
    const uint64_t gap = next(Column::kGap);
    return gap == 0 ? UINT64_MAX : gap;
  }

  bool at_end() const {
    for (const ColumnReader& column : columns_) {
      if (!column.at_end()) return false;
    }
    return true;
  }

 private:
  ColumnReader& of(Column column) { return columns_[static_cast<uint32_t>(column)]; }
  uint64_t next(Column column) { return of(column).next(); }

  bool add(StackRow row, size_t begin, size_t end, uint64_t live_then, StackRows& out) {
    row.generations_begin = static_cast<uint32_t>(out.generations.size());
    uint64_t old_now = 0;
    for (size_t i = begin; i < end; ++i) {
      const GenerationCount& then = base_.generations[i];
      const uint64_t change = next(Column::kOldBlocks);
      if (change == 1) continue;
      GenerationCount now{then.code, then.blocks, 0};
      if (change != 0) now.blocks += unzigzag(change - 2);
      now.bytes =
          unzigzag(next(Column::kOldBytes)) +
          (change == 0 ? then.bytes : format::bytes_of(now.blocks, then.blocks, then.bytes));
      old_now += now.blocks;
      out.generations.push_back(now);
    }
    const uint64_t count = next(Column::kNewCount);
    if (count != 0) {
      if (count > 256 || count > allowed_) return false;
      allowed_ -= count;
      if (!add_fresh(row, count, live_then - old_now, out)) return false;
    }
    for (size_t i = row.generations_begin; i < out.generations.size(); ++i) {
      const GenerationCount& now = out.generations[i];
      if ((now.blocks == 0 && now.bytes == 0) ||
          !add_within(row.live_blocks, now.blocks, kLargestFigure) ||
          !add_within(row.live_bytes, now.bytes, kLargestFigure)) {
        return false;
      }
    }
    out.rows.push_back(row);
    return true;
  }

  // From the last to the first, in among the others.
  bool add_fresh(const StackRow& row, uint64_t count, uint64_t expected, StackRows& out) {
    size_t old = out.generations.size();  // the end of those that are not in place yet
    size_t to = old + count;
    out.generations.resize(to);
    uint32_t code = generation_;
    for (uint64_t i = 0; i < count; ++i) {
      const auto distance = static_cast<uint32_t>(next(Column::kCode) & 0xff);
      if (i > 0 && (distance == 0 || distance > code)) return false;
      code = (code - distance) & 0xff;
      GenerationCount fresh{static_cast<uint8_t>(code), 0, 0};
      const uint64_t blocks = next(Column::kNewBlocks);
      fresh.blocks = i == 0 ? unzigzag(blocks) + expected : blocks;
      fresh.bytes = unzigzag(next(Column::kNewBytes)) +
                    format::bytes_of(fresh.blocks, row.allocated_blocks, row.allocated_bytes);
      while (old > row.generations_begin && out.generations[old - 1].code > fresh.code) {
        out.generations[--to] = out.generations[--old];
      }
      if (old > row.generations_begin && out.generations[old - 1].code == fresh.code) return false;
      out.generations[--to] = fresh;
    }
    return true;
  }

  const StackRows& base_;
  const uint32_t generation_;
  uint64_t scale_ = 0;
  uint64_t added_ = 0;
  uint64_t allowed_ = 0;
  ColumnReader columns_[format::kColumns];
};

}  // namespace

Result<StackRows> SnapshotFile::changed_rows(const StackRows& base) const {
  auto section = bytes(format::SectionType::kChangedStacks, 0);
  if (!section) return section.error();
  const uint32_t count = find(format::SectionType::kChangedStacks)->count;
  const auto merge = std::make_unique<Merge>(base, meta_.generation);
  if (!merge->open(*section)) return corrupt("the columns of its stacks are impossible");
  if (count > node_count()) return corrupt("it has fewer stacks than it says");
  merge->allow(format::kNewCountPerRow * count + format::kNewCountPerByte * section->size());
  StackRows out;
  out.own_numbers = true;
  out.rows.reserve(count);
  out.generations.reserve(base.generations.size());
  uint64_t added = 0;
  uint64_t gap = merge->gap();
  for (size_t i = 0;;) {
    const uint64_t node = added + gap;
    const bool more = gap != 0;
    if (more && (gap > node_count() - added)) return corrupt("a stack has no node");
    bool possible = true;
    if (i < base.rows.size() && (!more || number_of(base.rows[i].node) < node)) {
      possible = merge->add_changed(i++, out);
    } else if (more) {
      if (i < base.rows.size() && number_of(base.rows[i].node) == node) {
        return corrupt("a stack is there twice");
      }
      possible = merge->add_new(NodeId{static_cast<uint32_t>(node)}, out);
      added = node;
      gap = merge->gap();
    } else {
      break;
    }
    if (!possible || out.rows.size() > count) {
      return corrupt("the figures of its stacks are impossible");
    }
  }
  if (!merge->at_end() || out.rows.size() != count) {
    return corrupt("it has other stacks than it says");
  }
  StackRow sums;
  for (const StackRow& row : out.rows) {
    if (!add_within(sums.live_blocks, row.live_blocks, kLargestFigure) ||
        !add_within(sums.live_bytes, row.live_bytes, kLargestFigure) ||
        !add_within(sums.allocated_blocks, row.allocated_blocks, kLargestFigure) ||
        !add_within(sums.allocated_bytes, row.allocated_bytes, kLargestFigure)) {
      return corrupt("the sum over its stacks is too large");
    }
  }
  return out;
}

}  // namespace silt::read
