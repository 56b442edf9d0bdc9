// SPDX-License-Identifier: Apache-2.0
//
// One scenario over a simulated heap, run with several seeds, since one lucky run proves nothing.

#ifndef SILT_TEST_SYMBOLIZER_ANALYZE_SEEDED_RUNS_H_
#define SILT_TEST_SYMBOLIZER_ANALYZE_SEEDED_RUNS_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "test/symbolizer/analyze/simulated_heap.h"

namespace silt::test {

inline constexpr unsigned kSeeds = 40;

// Load of a noisy machine: between 60 % and 140 % of `usual`.
size_t jittered(SimulatedHeap& heap, size_t usual);

using Round = std::function<void(SimulatedHeap& heap, int round)>;

// How many of kSeeds runs get a verdict that is not among the right ones.
int wrong(int rounds, const Round& round, const std::vector<analyze::Verdict>& right);

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_ANALYZE_SEEDED_RUNS_H_
