// SPDX-License-Identifier: Apache-2.0
//
// See changed_rows.h. Signal context.

#include "interposer/snapshot/changed_rows.h"

namespace silt::snapshot {
namespace {

using format::bytes_of;
using format::Column;
using format::zigzag;

// Of a snapshot to its base: 2^16 times (now / then - 1), 0 where that says nothing.
uint64_t scale_of(uint64_t now, uint64_t then) {
  constexpr uint64_t kMost = uint64_t{1} << 47;
  if (then == 0 || now <= then || now >= kMost) return 0;
  return ((now - then) << 16) / then;
}

}  // namespace

// In the base's row and this one's, by generation.
void ChangedRows::add_generations(const Row& before, const Row& now) {
  uint64_t live_before = 0;
  uint64_t old_now = 0;
  uint32_t fresh[256];
  uint32_t fresh_count = 0;
  uint32_t at = 0;
  for (uint32_t i = 0; i < before.generations; ++i) {
    const LiveCounts::Count& then = before.live[i];
    live_before += then.blocks;
    while (at < now.generations && (now.live[at].key & 0xff) < then.key)
      fresh[fresh_count++] = at++;
    if (at == now.generations || (now.live[at].key & 0xff) != then.key) {
      columns_.add(Column::kOldBlocks, 1);
      continue;
    }
    const LiveCounts::Count& here = now.live[at++];
    old_now += here.blocks;
    const bool same = here.blocks == then.blocks;
    columns_.add(Column::kOldBlocks, same ? 0 : 2 + zigzag(here.blocks - then.blocks));
    columns_.add(
        Column::kOldBytes,
        zigzag(here.bytes - (same ? then.bytes : bytes_of(here.blocks, then.blocks, then.bytes))));
  }
  while (at < now.generations) fresh[fresh_count++] = at++;

  columns_.add(Column::kNewCount, fresh_count);
  new_generations_ += fresh_count;
  uint32_t code_before = generation_;
  for (uint32_t i = fresh_count; i > 0; --i) {
    const LiveCounts::Count& here = now.live[fresh[i - 1]];
    const uint32_t code = here.key & 0xff;
    columns_.add(Column::kCode, (code_before - code) & 0xff);
    code_before = code;
    columns_.add(Column::kNewBlocks,
                 i == fresh_count ? zigzag(here.blocks - (live_before - old_now)) : here.blocks);
    columns_.add(Column::kNewBytes,
                 zigzag(here.bytes - bytes_of(here.blocks, now.blocks, now.bytes)));
  }
}

void ChangedRows::add_change(const Row& before, const Row& now, uint64_t scale) {
  const uint64_t blocks = now.blocks - before.blocks;
  const uint64_t bytes = now.bytes - before.bytes;
  columns_.add(Column::kBlocks,
               blocks == 0 ? 0 : 2 + zigzag(blocks - format::grown(before.blocks, scale)));
  columns_.add(Column::kBytes, zigzag(bytes - bytes_of(blocks, before.blocks, before.bytes)));
  add_generations(before, now);
}

bool ChangedRows::gather(const SeriesBase& base, const NodeNumbers& numbers,
                         uint64_t most_generations, uint32_t generation, Rows& rows,
                         RowList* keep) {
  if (!columns_.make_room(uint64_t{base.row_count()} + numbers.count() + base.generations() +
                          most_generations)) {
    return false;
  }
  generation_ = generation;
  scale_ = scale_of(numbers.allocated_blocks(), base.allocated_blocks());
  RowListReader reader = base.rows();
  bool more = reader.next();
  uint32_t last_added = 0;
  for (uint32_t number = 1; number <= numbers.count(); ++number) {
    Row row;
    const bool there = rows.read(number, &row);
    if (there) {
      ++count_;
      if (keep != nullptr) keep->add(number, row);
    }
    if (more && reader.number() == number) {
      if (there) {
        add_change(reader.row(), row, scale_);
      } else {
        columns_.add(Column::kBlocks, 1);
      }
      more = reader.next();
    } else if (there) {
      columns_.add(Column::kGap, number - last_added);
      columns_.add(Column::kAddedBlocks, row.blocks);
      columns_.add(Column::kAddedBytes, row.bytes);
      add_generations(Row{}, row);
      last_added = number;
      ++added_;
    }
  }
  coded_ = columns_.code();
  return new_generations_ <=
         format::kNewCountPerRow * count_ + format::kNewCountPerByte * coded_.size;
}

void ChangedRows::write(SectionWriter& out) const {
  out.begin(format::SectionType::kChangedStacks);
  out.add_varint(scale_);
  out.add_varint(added_);
  for (const size_t size : coded_.sizes) out.add_varint(size);
  out.add(coded_.data, coded_.size);
  out.end(count_);
}

}  // namespace silt::snapshot
