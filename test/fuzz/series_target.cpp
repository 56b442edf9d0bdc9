// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a compact snapshot and its base: four bytes with the size of the base's file, that
// file, and the other. What the reader makes of both holds what snapshot_file.h promises, and takes
// memory in proportion to them.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "symbolizer/read/column_reader.h"
#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/snapshot_writer.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_rows(const read::StackRows& rows, uint32_t nodes) {
  uint32_t last = 0;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const read::StackRow& row = rows.rows[i];
    require(number_of(row.node) > last && number_of(row.node) <= nodes);
    last = number_of(row.node);
    const size_t end =
        i + 1 < rows.rows.size() ? rows.rows[i + 1].generations_begin : rows.generations.size();
    require(row.generations_begin <= end && end <= rows.generations.size());
    uint64_t blocks = 0;
    int code = -1;
    for (size_t at = row.generations_begin; at < end; ++at) {
      require(rows.generations[at].code > code);
      code = rows.generations[at].code;
      blocks += rows.generations[at].blocks;
    }
    require(blocks == row.live_blocks && blocks <= read::kLargestFigure);
    require(row.allocated_bytes <= read::kLargestFigure);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read::ColumnReader column;
  if (column.open({reinterpret_cast<const char*>(data), size})) {
    for (int i = 0; i < 100 && column.ok(); ++i) column.next();
    static_cast<void>(column.at_end());
  }
  uint32_t base_size = 0;
  if (size < sizeof(base_size)) return 0;
  std::memcpy(&base_size, data, sizeof(base_size));
  std::string compact_bytes(reinterpret_cast<const char*>(data) + sizeof(base_size),
                            size - sizeof(base_size));
  if (base_size > compact_bytes.size()) return 0;
  std::string base_bytes = compact_bytes.substr(0, base_size);
  compact_bytes.erase(0, base_size);
  test::mend_checksums(base_bytes);
  test::mend_checksums(compact_bytes);
  const auto base = read::SnapshotFile::open(std::make_unique<MemorySource>(base_bytes));
  const auto compact = read::SnapshotFile::open(std::make_unique<MemorySource>(compact_bytes));
  if (!base || !compact || base->base() || !compact->base()) return 0;
  const auto node_bytes = base->node_bytes();
  read::NodeTable nodes;
  if (!node_bytes || !base->add_nodes(*node_bytes, nodes)) return 0;
  const auto rows = base->stack_rows();
  if (!rows) return 0;
  const auto more_bytes = compact->node_bytes();
  if (more_bytes && compact->add_nodes(*more_bytes, nodes)) {
    require(nodes.nodes.size() == size_t{compact->node_count()} + 1);
    for (uint32_t id = 1; id < nodes.nodes.size(); ++id) {
      require(number_of(nodes.nodes[read::NodeId{id}].parent) < id);
    }
  }
  const auto changed = compact->changed_rows(*rows);
  if (!changed) return 0;
  check_rows(*changed, compact->node_count());
  require(changed->generations.size() <= rows->generations.size() +
                                             format::kNewCountPerRow * changed->rows.size() +
                                             format::kNewCountPerByte * compact_bytes.size());
  return 0;
}
