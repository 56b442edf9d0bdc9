// SPDX-License-Identifier: Apache-2.0
//
// See tables_sections.h. Signal context.

#include "interposer/snapshot/tables_sections.h"

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/snapshot/rows.h"
#include "interposer/snapshot/series_base.h"
#include "interposer/track/recorder.h"
#include "interposer/track/runtime_frames.h"

namespace silt::snapshot {
namespace {

using format::SectionType;
using track::recorder;

// Those behind the base's, where there is one.
void write_nodes(SectionWriter& out, SectionType type, const NodeNumbers& numbers) {
  out.begin(type);
  uint64_t previous = 0;
  for (uint32_t number = numbers.count_of_base() + 1; number <= numbers.count(); ++number) {
    track::NodeId parent;
    uint64_t pc;
    recorder.stacks.read_node(numbers.node(number), &parent, &pc);
    // A pair refers to its native stack by number as well.
    if (track::is_pair(pc)) {
      const track::StackId native = track::native_of(pc);
      pc = track::with_native(pc, numbers.number(track::innermost_of(native)));
    }
    out.add_varint(number - numbers.number(parent));
    out.add_signed_varint(static_cast<int64_t>(pc - previous));
    previous = pc;
  }
  out.end(numbers.count() - numbers.count_of_base());
}

void write_births(SectionWriter& out, SectionType type, const NodeNumbers& numbers) {
  out.begin(type);
  uint32_t runs = 0;
  uint32_t begin = 0;  // births of the run
  uint32_t end = 0;
  uint32_t last = 0;
  const auto write_run = [&] {
    if (begin == end) return;
    out.add_varint(end - begin);
    out.add_signed_varint(int64_t{begin} - int64_t{last});
    last = end;
    ++runs;
  };
  for (uint32_t number = numbers.count_of_base() + 1; number <= numbers.count(); ++number) {
    const uint32_t birth = recorder.stacks.birth(numbers.node(number));
    if (birth == end && birth != UINT32_MAX && end != 0) {
      ++end;
      continue;
    }
    write_run();
    begin = birth == UINT32_MAX ? birth - 1 : birth;
    end = begin + 1;
  }
  write_run();
  out.end(runs);
}

void write_stacks(SectionWriter& out, const NodeNumbers& numbers, Rows& rows, RowList* keep) {
  out.begin(SectionType::kStacks);
  uint32_t previous = 0;
  uint32_t count = 0;
  for (uint32_t number = 1; number <= numbers.count(); ++number) {
    Row row;
    if (!rows.read(number, &row)) continue;
    out.add_varint(number - previous);
    out.add_varint(row.blocks);
    out.add_varint(row.bytes);
    out.add_varint(row.generations);
    for (uint32_t i = 0; i < row.generations; ++i) {
      out.add_varint(row.live[i].key & 0xff);
      out.add_varint(row.live[i].blocks);
      out.add_varint(row.live[i].bytes);
    }
    if (keep != nullptr) keep->add(number, row);
    previous = number;
    ++count;
  }
  out.end(count);
}

}  // namespace

format::BaseEntry write_tables(SectionWriter& out, Tables& tables, uint32_t sequence) {
  const NodeNumbers& numbers = tables.numbers();
  format::BaseEntry own{sequence, numbers.count(), 0, 0};
  if (tables.base() == nullptr) {
    write_nodes(out, SectionType::kNodes, numbers);
    own.nodes_checksum = out.checksum();
    write_births(out, SectionType::kBirths, numbers);
    write_stacks(out, numbers, tables.rows(), tables.kept());
  } else {
    out.set_version(format::kCompactVersion);
    out.begin(SectionType::kBase);
    out.add(&tables.base()->entry(), sizeof(format::BaseEntry));
    out.end(1);
    write_nodes(out, SectionType::kMoreNodes, numbers);
    own.nodes_checksum = out.checksum();
    write_births(out, SectionType::kMoreBirths, numbers);
    tables.changes().write(out);
  }
  own.stacks_checksum = out.checksum();
  return own;
}

}  // namespace silt::snapshot
