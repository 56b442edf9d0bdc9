// SPDX-License-Identifier: Apache-2.0
//
// A heap in slow motion for tests of verdicts: stacks allocate and free as told, snapshots are
// taken at given times, and what comes out is a recording as the reader would join it. Blocks are
// kept one by one, so that any of them can be freed, at random too.

#ifndef SILT_TEST_SYMBOLIZER_ANALYZE_SIMULATED_HEAP_H_
#define SILT_TEST_SYMBOLIZER_ANALYZE_SIMULATED_HEAP_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/read/recording.h"

namespace silt::test {

class SimulatedHeap {
 public:
  explicit SimulatedHeap(size_t stacks = 1, unsigned seed = 1);

  void allocate(size_t blocks, uint64_t size_bytes, size_t stack = 0);
  void free_oldest(size_t blocks, size_t stack = 0);
  void free_newest(size_t blocks, size_t stack = 0);
  void free_random(size_t blocks, size_t stack = 0);
  // The newest of those that so many snapshots have shown.
  void free_of_age(size_t snapshots, size_t blocks, size_t stack = 0);
  void free_all(size_t stack = 0);
  size_t live(size_t stack = 0) const { return blocks_[stack].size(); }

  // Other work of the process: allocated and freed at once, so it counts as activity only.
  void churn(size_t blocks) { other_ += blocks; }

  // `seconds` after the last snapshot.
  void snapshot(double seconds = 1, format::Trigger trigger = format::Trigger::kSignal);

  // A number from 0 to below `bound`.
  unsigned chance(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  read::Recording& recording() { return recording_; }
  analyze::Judgement judged(size_t stack = 0) const;

 private:
  struct Block {
    uint32_t born = 0;  // sequence of the first snapshot that can show it
    uint64_t size = 0;
  };
  struct Totals {
    uint64_t blocks = 0;
    uint64_t bytes = 0;
  };
  std::vector<std::deque<Block>> blocks_;
  std::vector<Totals> allocated_;
  uint64_t other_ = 0;
  double elapsed_ = 0;
  std::mt19937 random_;
  read::Recording recording_;
};

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_ANALYZE_SIMULATED_HEAP_H_
