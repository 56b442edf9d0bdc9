// SPDX-License-Identifier: Apache-2.0
//
// See series_base.h. Signal context.

#include "interposer/snapshot/series_base.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/varint.h"

namespace silt::snapshot {

RowList::~RowList() {
  if (data_ != nullptr) base::unmap_memory(data_, room_);
}

bool RowList::make_room(uint64_t most_rows, uint64_t most_generations) {
  room_ = most_rows * 4 * kLongestVarint + most_generations * (2 + 2 * kLongestVarint) + 1;
  data_ = static_cast<uint8_t*>(base::map_memory(room_));
  return data_ != nullptr;
}

void RowList::add(uint32_t number, const Row& row) {
  uint8_t* at = data_ + size_;
  at = put_varint(at, number - last_);
  at = put_varint(at, row.blocks);
  at = put_varint(at, row.bytes);
  at = put_varint(at, row.generations);
  for (uint32_t i = 0; i < row.generations; ++i) {
    at = put_varint(at, row.live[i].key & 0xff);
    at = put_varint(at, row.live[i].blocks);
    at = put_varint(at, row.live[i].bytes);
  }
  size_ = static_cast<size_t>(at - data_);
  last_ = number;
  ++count_;
}

uint64_t RowListReader::varint() {
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    const uint8_t byte = *at_++;
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

bool RowListReader::next() {
  static constinit LiveCounts::Count counts[256]{};
  if (at_ == end_) return false;
  number_ += static_cast<uint32_t>(varint());
  row_.blocks = varint();
  row_.bytes = varint();
  row_.generations = static_cast<uint32_t>(varint());
  row_.live = counts;
  for (uint32_t i = 0; i < row_.generations; ++i) {
    counts[i].key = static_cast<uint32_t>(varint());
    counts[i].blocks = varint();
    counts[i].bytes = varint();
  }
  return true;
}

void SeriesBase::forget() {
  if (numbers_ == nullptr) return;
  base::unmap_memory(numbers_, entry_.nodes * sizeof(Numbered) + rows_bytes_);
  numbers_ = nullptr;
}

track::NodeId SeriesBase::node(uint32_t number) const {
  const Numbered& numbered = numbers_[number - 1];
  track::NodeId parent;
  uint64_t pc;
  if (numbered.id == track::kRoot || !track::recorder.stacks.read_node(numbered.id, &parent, &pc)) {
    return track::kRoot;
  }
  return track::recorder.stacks.birth(numbered.id) == numbered.birth ? numbered.id : track::kRoot;
}

bool SeriesBase::remember(const format::BaseEntry& entry, uint32_t chain,
                          const NodeNumbers& numbers, const RowList& rows, const RowTotals& totals,
                          uint64_t generations) {
  forget();
  const size_t size = numbers.count() * sizeof(Numbered) + rows.size();
  if (numbers.count() == 0) return false;
  numbers_ = static_cast<Numbered*>(base::map_populated_memory(size));
  if (numbers_ == nullptr) return false;
  entry_ = entry;
  entry_.nodes = numbers.count();
  chain_ = chain;
  row_count_ = rows.count();
  allocated_blocks_ = totals.native.allocated_blocks + totals.mapping.allocated_blocks +
                      totals.objects.allocated_blocks;
  generations_ = generations;
  for (uint32_t number = 1; number <= numbers.count(); ++number) {
    const track::NodeId id = numbers.node(number);
    const uint32_t birth = id == track::kRoot ? 0 : track::recorder.stacks.birth(id);
    numbers_[number - 1] = {id, birth};
  }
  rows_ = reinterpret_cast<uint8_t*>(numbers_ + numbers.count());
  rows_bytes_ = rows.size();
  base::copy_bytes(rows_, rows.data(), rows.size());
  return true;
}

}  // namespace silt::snapshot
