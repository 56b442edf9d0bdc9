// SPDX-License-Identifier: Apache-2.0
//
// What the analysis sees of a recording: the times of its snapshots, and for one stack or for the
// sum of several what was live at each of them, by birth. Numbers only; no names, no files.
//
// A Timeline picks the snapshots that verdicts look at (its moments). The snapshot taken at exit is
// never one of them, as by then a program has stopped its work and often freed everything; windows
// in which the process did next to nothing are joined to their neighbours; and long recordings are
// thinned to at most kMostMoments, at places where generations end, so that a block's birth can be
// told by moment.

#ifndef SILT_SYMBOLIZER_ANALYZE_SERIES_H_
#define SILT_SYMBOLIZER_ANALYZE_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolizer/read/recording.h"

namespace silt::analyze {

inline constexpr size_t kMostMoments = 25;

struct Timeline {
  size_t snapshots = 0;           // in the recording
  std::vector<size_t> regular;    // snapshots not taken at exit, ascending
  std::vector<size_t> moments;    // of those, the ones judged; index into snapshots
  std::vector<double> seconds;    // of each moment: time of activity, idle windows left out
  std::vector<double> activity;   // blocks allocated by each moment that are gone by the last
  std::vector<double> allocated;  // by each moment, blocks of all heaps counted block by block
  std::vector<double> work;       // of each moment: units of work done, empty when not given
  std::vector<uint32_t> moment_of_code;  // by generation code: the first moment that can show it
  // Of each moment: how many windows came before it, where windows are a clock as well, else empty.
  // A collection before each snapshot takes ever more time as a JavaScript heap grows, and nothing
  // counts JavaScript's own work; and a program that asks for all of its snapshots itself asks at
  // points of its work.
  std::vector<double> turns;
  double sampling_interval = 0;  // bytes; 0: exact
  double idle_seconds = 0;       // in windows without activity
  double length_seconds = 0;     // from the first to the last regular snapshot
};

// Blocks allocated since the start, in all heaps that are counted block by block: objects of
// runtimes are among them.
double allocated_blocks(const read::Snapshot& snapshot);

// `work`: units of work done by the time of each snapshot, or empty.
Timeline make_timeline(const read::Recording& recording, const std::vector<double>& work = {});

// The same for JavaScript heaps, whose profiles are not part of every snapshot: only snapshots at
// which the main heap gave a fresh one count, each at the time when it was taken. Empty
// (no regular snapshots) when there is no JavaScript heap.
Timeline make_script_timeline(const read::Recording& recording,
                              const std::vector<double>& work = {});

// One value for each snapshot of the recording, and births for each moment of the timeline.
struct Series {
  std::vector<double> bytes;   // live
  std::vector<double> blocks;  // live
  double allocated_bytes = 0;  // cumulative, at the last snapshot
  double allocated_blocks = 0;
  // Over all snapshots, in JavaScript heaps: how many samples stand for how many bytes.
  double samples = 0;
  double sampled_bytes = 0;
  // Row t, column g <= t of a lower triangle: live at moment t, born after moment g - 1 and not
  // after moment g. Empty when the recording has no generations for these blocks.
  std::vector<double> born_bytes;
  std::vector<double> born_blocks;

  bool has_births() const { return !born_blocks.empty(); }
  static size_t cell(size_t moment, size_t born) { return moment * (moment + 1) / 2 + born; }
};

Series make_series(const Timeline& timeline, const read::Stack& stack);

// Adds `part` to `sum`; both of one timeline. An empty sum becomes the part.
void add(Series& sum, const Series& part);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_SERIES_H_
