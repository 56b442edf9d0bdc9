// SPDX-License-Identifier: Apache-2.0
//
// See folding_pace.h.

#include "interposer/track/folding_pace.h"

#include <time.h>

#include "interposer/base/clock.h"
#include "interposer/track/recorder.h"
#include "interposer/track/sampling.h"

namespace silt::track {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMillisecond;

// What a round may take of a program's time, by how far silt is past what it wants. A slice is of
// the thread's own time: on a busy machine it would else be over before it has done anything.
struct Pace {
  uint64_t slice_ns;
  uint64_t ticks_between_slices;
  // Stacks that come again within the time between two rounds are not gone. The first also keeps
  // rounds away from programs that live for seconds, such as compilers.
  uint64_t between_rounds_ns;
};
constexpr Pace kPaces[] = {
    {3 * kMillisecond / 10, uint64_t{1} << 24, 10 * kSecond},  // a twentieth of one processor
    {9 * kMillisecond / 10, uint64_t{1} << 24, kSecond},       // three times as much
    // A third of a processor: the tree of test/programs/ever_new_stacks.cpp, which does nothing but
    // make new stacks, would else grow faster than it is folded.
    {9 * kMillisecond / 10, uint64_t{1} << 22, kSecond / 4},
};
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 26;

// Smaller trees are not worth a round: 700 KB.
constexpr uint32_t kFewestNodes = 16 * 1024;

const Pace& pace_of(Pressure pressure) { return kPaces[static_cast<int>(pressure)]; }

}  // namespace

bool FoldingPace::due(bool idle) {
  const uint64_t ticks = base::ticks();
  if (ticks < next_look_ticks_.load(std::memory_order_relaxed)) return false;
  const Pace& pace = pace_of(pressure_.load(std::memory_order_relaxed));
  next_look_ticks_.store(ticks + (idle ? kTicksBetweenLooks : pace.ticks_between_slices),
                         std::memory_order_relaxed);
  if (!idle) return true;
  const uint32_t nodes = recorder.stacks.in_use();
  const uint32_t left = left_nodes_.load(std::memory_order_relaxed);
  if (nodes < kFewestNodes || nodes < left + left / 16) return false;
  const Pressure pressure =
      pressure_of(own_bytes(), known_live_bytes_.load(std::memory_order_relaxed));
  pressure_.store(pressure, std::memory_order_relaxed);
  // Where the last round found little, what is there is what lives: a round for each sixteenth of
  // it would be for nothing.
  const bool soon = pressure != Pressure::kNone && found_.load(std::memory_order_relaxed);
  if (!soon && nodes < left + left / 4) return false;
  const uint64_t ended = ended_ns_.load(std::memory_order_relaxed);
  const uint64_t now = base::clock_ns(CLOCK_MONOTONIC);
  if (ended == 0) {  // the first ones have not been there for long
    ended_ns_.store(now, std::memory_order_relaxed);
    return false;
  }
  return now - ended >= pace_of(pressure).between_rounds_ns;
}

void FoldingPace::begin_slice() {
  slice_end_ns_ = base::clock_ns(CLOCK_THREAD_CPUTIME_ID) +
                  pace_of(pressure_.load(std::memory_order_relaxed)).slice_ns;
}

bool FoldingPace::slice_is_over() const {
  return !in_one_go_ && base::clock_ns(CLOCK_THREAD_CPUTIME_ID) > slice_end_ns_;
}

void FoldingPace::look_at_growth(bool live_known, uint64_t live_bytes) {
  const uint64_t bytes = other_bytes_ + bytes_of_node_ * recorder.stacks.in_use();
  if (!live_known) live_bytes = known_live_bytes_.load(std::memory_order_relaxed);
  const Pressure pressure = pressure_of(bytes, live_bytes);
  if (pressure > pressure_.load(std::memory_order_relaxed)) {
    pressure_.store(pressure, std::memory_order_relaxed);
  }
  // (What is alive may have grown with it: that has to be known first.)
  if (live_known && rounds_ > 1 && recorder.bounded && is_too_much(bytes, live_bytes)) fall_back();
}

void FoldingPace::measure() {
  const uint64_t tree = tree_bytes();
  other_bytes_ = own_bytes() - tree;
  bytes_of_node_ = tree / (recorder.stacks.in_use() + 1);
}

void FoldingPace::end_round(uint64_t live_bytes, uint64_t folded_nodes) {
  const uint32_t left = recorder.stacks.in_use();
  left_nodes_.store(left, std::memory_order_relaxed);
  found_.store(folded_nodes > left / 16, std::memory_order_relaxed);
  known_live_bytes_.store(live_bytes, std::memory_order_relaxed);
  ended_ns_.store(base::clock_ns(CLOCK_MONOTONIC), std::memory_order_relaxed);
  measure();
  // In the first round all stacks are new.
  if (++rounds_ > 1 && recorder.bounded && is_too_much(own_bytes(), live_bytes)) fall_back();
}

void FoldingPace::give_up_round() {
  ended_ns_.store(base::clock_ns(CLOCK_MONOTONIC), std::memory_order_relaxed);
  left_nodes_.store(recorder.stacks.in_use(), std::memory_order_relaxed);
}

}  // namespace silt::track
