// SPDX-License-Identifier: Apache-2.0
//
// What there is to say about one or more snapshots of a JavaScript heap, as figures and names: the
// model that the output formats write. Names come from the heap and are hostile.

#ifndef SILT_SYMBOLIZER_HEAP_HEAP_REPORT_H_
#define SILT_SYMBOLIZER_HEAP_HEAP_REPORT_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::heap {

struct HeapLine {
  std::string file;
  uint64_t bytes = 0;  // of all objects, those that nothing keeps included
  uint64_t objects = 0;
  uint64_t unkept_bytes = 0;  // only weak references lead there
};

// One step from a root on.
struct PathStep {
  std::string label;     // "cache", "[17]", "table"; "" from the root
  std::string what;      // "Map", "onEvent()"
  std::string place;     // of a function
  uint32_t repeats = 1;  // steps that are alike, one after the other
};

struct Kind {
  std::string name;
  std::string place;  // of a function, or of a class
  int64_t objects = 0;
  int64_t bytes = 0;
};

struct Finding {
  std::string name;   // "cache", "server.sessions"; of one that has none its class
  std::string what;   // its class
  std::string place;  // "/srv/app.js" where its variable lives, "/srv/app.js:12" of a function
  int64_t bytes = 0;  // growth, or with one snapshot what it alone keeps
  int64_t objects = 0;
  uint64_t owners = 1;                   // objects on this collapsed path
  std::vector<uint64_t> retained_bytes;  // what they alone keep, in each snapshot
  bool each_time = true;            // of more than two snapshots: it grew from each to the next
  std::vector<PathStep> path;       // from the root to the one that keeps most
  std::vector<std::string> inside;  // labels between it and its entries: "table"
  std::vector<Kind> entries;        // directly below, most bytes first
  std::vector<Kind> kinds;          // all, most bytes first
};

struct HeapReport {
  std::vector<HeapLine> heaps;
  std::vector<Finding> findings;  // largest first
  size_t more = 0;                // findings that are not shown
  int64_t more_bytes = 0;
  int64_t growth_bytes = 0;  // from the first to the last, of what is kept
  int64_t growth_objects = 0;
  int64_t own_bytes = 0;     // of these, V8's own
  uint64_t least_bytes = 0;  // findings below that are not told
  std::vector<std::string> notes;
};

struct HeapOptions {
  size_t top = 20;
  unsigned jobs = 0;       // 0: as many as processors
  bool hide_keys = false;  // of objects that serve as tables; see PathText
  std::function<void(const char* what, double done)> progress;
};

// The growth from the first file to the last; those between say whether it grew each time. An error
// names the file.
Result<HeapReport> build_heap_report(const std::vector<std::filesystem::path>& files,
                                     const HeapOptions& options);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_HEAP_REPORT_H_
