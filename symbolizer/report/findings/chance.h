// SPDX-License-Identifier: Apache-2.0
//
// What is too little to be sure of. In any program: few blocks, a small share of the whole. In a
// node: the few samples of a JavaScript heap that say nothing, and the pools (of Buffers, of
// handles) to which node adds a block now and then.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_CHANCE_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_CHANCE_H_

#include "symbolizer/report/findings/fold.h"

namespace silt::report {

// Whether so little growth, in a node, is nobody's evidence.
bool is_by_chance(const Group& group);

// Whether what a sampled heap has of a place rose and fell by less than three standard errors of
// its highest count of samples (counts have the variance of themselves): no curve can be seen.
bool swings_by_chance(const Group& group);

// Leaks of fewer blocks than this, and of a smaller share of what is in use, are growth: a list of
// the latest events that is not full yet looks the same, and most servers have some.
inline constexpr double kFewBlocks = 200;
inline constexpr double kSmallShare = 0.001;
// So are fewer blocks than the limit that a report promises (analyze::smallest_detectable) of a
// larger share that did not come in every window: ten blocks of a pool's in two minutes, in five
// windows of nine, are what its fullest moment took.
inline constexpr double kFewerThanPromised = 16;
inline constexpr double kSmallShareOfFewest = 0.02;
// Beside a leak so many times as large, more of them are: parts of it, or what much work leaves in
// the tables of libraries.
inline constexpr double kMuchLarger = 10;
inline constexpr double kFewBlocksBeside = 1000;
inline constexpr double kSmallShareBeside = 0.01;
// Says so of leaks that are counted block by block; not of lost blocks, which are no list.
// `in_use`: bytes of all heaps.
void doubt_few(double in_use, std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_CHANCE_H_
