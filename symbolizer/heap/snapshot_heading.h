// SPDX-License-Identifier: Apache-2.0
//
// The heading of a `.heapsnapshot` file, its section "snapshot": how many rows the other sections
// have, and which of their columns are what. Columns differ by the version of V8, so the reader of
// rows knows them from here only.

#ifndef SILT_SYMBOLIZER_HEAP_SNAPSHOT_HEADING_H_
#define SILT_SYMBOLIZER_HEAP_SNAPSHOT_HEADING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolizer/base/json_stream.h"
#include "symbolizer/heap/graph.h"

namespace silt::heap {

inline constexpr size_t kMostColumns = 64;  // V8 has 7 at most
inline constexpr size_t kLongestKey = 256;  // of the file's own words
inline constexpr uint64_t kMostItems = uint64_t{UINT32_MAX} - 1;

// Where a column stands in a row. What is read from the file is below its section's width.
struct NodeColumns {
  size_t width = 0;  // numbers in a row
  size_t type = 0, name = 0, id = 0, size = 0, edges = 0;
};
struct EdgeColumns {
  size_t width = 0;
  size_t type = 0, name = 0, target = 0;
};
struct LocationColumns {
  size_t width = 0;  // 0: the file has no locations
  size_t node = 0, script = 0, line = 0, column = 0;
};

struct SnapshotHeading {
  uint64_t node_count = 0;
  uint64_t edge_count = 0;
  NodeColumns nodes;
  EdgeColumns edges;
  LocationColumns locations;
  std::vector<NodeType> node_types;  // by the number that a row has
  std::vector<EdgeType> edge_types;
};

// How many numbers what is left of the file can hold: each takes two bytes.
inline uint64_t room_for_numbers(const JsonStream& json) {
  return (json.size() - json.position()) / 2 + 1;
}

// Reads the value of the key "snapshot". False when it is not sound; `json` then says why. The file
// has room for as many rows as the counts say.
bool read_snapshot_heading(JsonStream& json, SnapshotHeading& heading);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_SNAPSHOT_HEADING_H_
