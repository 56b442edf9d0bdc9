// SPDX-License-Identifier: Apache-2.0
//
// What grew in the heaps that a runtime collects itself between the first and the last look at all
// of their objects, and who keeps it: a small file beside the snapshots, since the heaps themselves
// are large and hold whatever the program knows. It has names of variables, classes, functions and
// files, and figures; no values of strings and no keys of tables. This file owns its bytes.

#ifndef SILT_SYMBOLIZER_READ_HEAP_GROWTH_H_
#define SILT_SYMBOLIZER_READ_HEAP_GROWTH_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"

namespace silt::read {

struct HeapMoment {
  uint32_t snapshot = 0;  // number of the snapshot that was taken just before
  uint64_t bytes = 0;
  uint64_t objects = 0;
};

// Objects of one class: what came, less what went.
struct GrownKind {
  std::string name;
  std::string place;  // "/srv/app.js:12" of a function, or of a class's; empty: unknown
  uint64_t objects = 0;
  uint64_t bytes = 0;
};

// One step from a root on.
struct HolderStep {
  std::string label;
  std::string what;
  std::string place;
  uint64_t repeats = 1;
};

// A variable or property, or many that are reached alike, that keeps more than before.
struct HeapHolder {
  std::string name;   // "cache", "server.sessions"; empty: it has none but its class
  std::string what;   // its class
  std::string place;  // "/srv/app.js" where its variable lives
  uint64_t bytes = 0;
  uint64_t objects = 0;
  uint64_t alike = 1;           // so many objects are reached in this way
  uint64_t retained_first = 0;  // what it alone kept, in bytes
  uint64_t retained_last = 0;
  std::vector<std::string> inside;  // labels between it and its entries
  std::vector<GrownKind> entries;   // directly below, most bytes first
  std::vector<GrownKind> kinds;     // all, most bytes first
  std::vector<HolderStep> path;     // from a root to the largest of them
};

struct HeapGrowth {
  uint32_t thread = 0;  // as the runtime numbers them, 0: the main thread
  std::string why_not;  // not empty: there was no second look, and nothing below is known
  HeapMoment first, last;
  uint64_t bytes = 0;               // of what is kept; 0: it did not grow
  uint64_t objects = 0;             // likewise
  uint64_t least_bytes = 0;         // growth in one place that is less is not told
  std::vector<HeapHolder> holders;  // largest first
  uint64_t more_bytes = 0;          // that other places grew by
};

// The bytes of the file.
std::string heap_growth_text(const std::vector<HeapGrowth>& heaps);

// Its name in a recording's folder.
inline constexpr char kHeapGrowthName[] = "heap-growth.json";

// Nothing where the folder has no such file; a link is not followed, since a recording may come
// from elsewhere.
Result<std::vector<HeapGrowth>> read_heap_growth(const std::filesystem::path& folder);
Result<std::vector<HeapGrowth>> parse_heap_growth(const ByteSource& source);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_HEAP_GROWTH_H_
