// SPDX-License-Identifier: Apache-2.0
//
// One picture of `silt top`: a recording's first, previous and latest snapshot in, lines of text
// out. No terminal and no clock, so tests can look at it.

#ifndef SILT_SYMBOLIZER_TOP_SCREEN_H_
#define SILT_SYMBOLIZER_TOP_SCREEN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::top {

// One site: all stacks whose innermost frame of the user's own code it is.
struct Row {
  symbolize::Frame site;
  double growth_bytes = 0;  // latest minus first
  double growth_blocks = 0;
  double bytes_per_second = 0;  // since the previous snapshot
  double live_bytes = 0;
};

struct Figures {
  double live_bytes = 0, live_blocks = 0, mapping_bytes = 0, rss_bytes = 0;
  double allocated_bytes = 0, allocated_blocks = 0;
  double js_bytes = 0, object_bytes = 0;  // in use in JavaScript heaps; Python's objects
};

struct Picture {
  std::string program;
  uint32_t pid = 0;
  uint64_t sampling_interval_bytes = 0;
  size_t snapshots = 0;     // seen, from the first to the latest
  double seconds = 0;       // from the first to the latest
  double step_seconds = 0;  // from the previous to the latest
  Figures first, previous, latest;
  std::vector<Row> rows;      // largest growth first
  size_t unnamed_stacks = 0;  // grew too little to be looked at
};

// Finds sites, and remembers them: node ids stay what they are for the life of a process.
class Sites {
 public:
  // `stack` indexes the recording's stacks; `symbolizer` is made when a new name is needed.
  const symbolize::Frame& site_of(const read::Recording& recording, const read::Stack& stack);
  void begin(const read::Recording& recording);  // a new recording object of the same process

 private:
  std::map<read::NodeId, symbolize::Frame> by_leaf_;
  std::unique_ptr<symbolize::Symbolizer> symbolizer_;
};

// `recording` holds the first, the previous and the latest snapshot; two, or one, are these.
Picture picture_of(const read::Recording& recording, size_t snapshots, Sites& sites);

enum class Order : uint8_t { kGrowth, kNow, kLive };

struct Shape {
  size_t width = 80;
  size_t height = 24;  // lines, all of them
  bool colour = false;
  bool keys = false;  // the last line tells them
  Order order = Order::kGrowth;
  bool paused = false;
};
std::vector<std::string> lines_of(const Picture& picture, const Shape& shape);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_SCREEN_H_
