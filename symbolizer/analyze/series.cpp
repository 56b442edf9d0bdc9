// SPDX-License-Identifier: Apache-2.0
//
// From a recording to the numbers that are judged; see the header.

#include "symbolizer/analyze/series.h"

#include <algorithm>
#include <cmath>

namespace silt::analyze {
namespace {

double seconds_of(const read::Snapshot& snapshot) {
  return static_cast<double>(snapshot.meta.elapsed_ns) / 1e9;
}

// Some 24 moments, spread evenly, each the last snapshot of its generation code.
std::vector<size_t> thinned(const read::Recording& recording, const std::vector<size_t>& regular) {
  if (regular.size() <= kMostMoments) return regular;
  std::vector<size_t> moments = {regular.front()};
  const double step =
      static_cast<double>(regular.size() - 1) / static_cast<double>(kMostMoments - 1);
  double next = step;
  for (size_t i = 1; i + 1 < regular.size(); ++i) {
    if (static_cast<double>(i) + 0.5 < next) continue;
    const uint32_t code = format::generation_code(recording.snapshots[regular[i]].meta.sequence);
    const uint32_t code_after =
        format::generation_code(recording.snapshots[regular[i + 1]].meta.sequence);
    if (code == code_after || !recording.snapshots[regular[i]].has_births) continue;
    moments.push_back(regular[i]);
    while (next <= static_cast<double>(i) + 0.5) next += step;
  }
  if (moments.size() >= kMostMoments) moments.pop_back();
  moments.push_back(regular.back());
  return moments;
}

double live_blocks(const read::Snapshot& snapshot) {
  uint64_t blocks = snapshot.meta.native.live_blocks + snapshot.meta.mapping.live_blocks;
  for (const read::Snapshot::Runtime& runtime : snapshot.runtimes) {
    blocks += runtime.objects.live_blocks;
  }
  return static_cast<double>(blocks);
}

// A window is idle when the process allocated less in it than one fiftieth of a busy window's pace:
// the busy window is the upper quartile, so neither one start-up burst nor a few bursts hide work.
// Only a process that allocates and frees as it works can be seen to pause: one that allocates only
// what it keeps may be at work on what it has.
std::vector<bool> idle_windows(const read::Recording& recording,
                               const std::vector<size_t>& moments) {
  std::vector<bool> idle(moments.size(), false);
  std::vector<double> paces;
  std::vector<double> pace_of(moments.size(), 0);
  for (size_t i = 1; i < moments.size(); ++i) {
    const read::Snapshot& before = recording.snapshots[moments[i - 1]];
    const read::Snapshot& after = recording.snapshots[moments[i]];
    const double seconds = std::max(1e-6, seconds_of(after) - seconds_of(before));
    pace_of[i] = (allocated_blocks(after) - allocated_blocks(before)) / seconds;
    paces.push_back(pace_of[i]);
  }
  if (paces.size() < 3) return idle;
  std::sort(paces.begin(), paces.end());
  const double busy = paces[paces.size() * 3 / 4];
  double allocated = 0;
  double kept = 0;
  for (size_t i = 1; i < moments.size(); ++i) {
    idle[i] = busy > 0 && pace_of[i] < busy / 50;
    if (idle[i]) continue;
    const read::Snapshot& before = recording.snapshots[moments[i - 1]];
    const read::Snapshot& after = recording.snapshots[moments[i]];
    allocated += allocated_blocks(after) - allocated_blocks(before);
    kept += std::abs(live_blocks(after) - live_blocks(before));
  }
  if (kept > 0.2 * allocated) std::fill(idle.begin(), idle.end(), false);
  return idle;
}

bool at_exit(const read::Snapshot& snapshot) {
  return snapshot.meta.trigger == static_cast<uint32_t>(format::Trigger::kExit);
}

// The heap of the main thread, if its profile belongs to this very snapshot.
const format::ManagedHeapEntry* fresh_main_heap(const read::Snapshot& snapshot) {
  for (const format::ManagedHeapEntry& managed_heap : snapshot.managed_heaps) {
    if (managed_heap.thread_id != 0 || managed_heap.captured_elapsed_ns == 0) continue;
    if ((managed_heap.flags & (format::kHeapMissed | format::kHeapEnded)) == 0)
      return &managed_heap;
  }
  return nullptr;
}

// Blocks allocated by the time of each moment that are gone by the last one. What stays is left
// out: growth would else be its own clock, and never lose pace by it.
void count_passing_blocks(const read::Recording& recording, Timeline& timeline) {
  const size_t moments = timeline.moments.size();
  std::vector<double> staying(moments, 0);
  for (const read::Stack& stack : recording.stacks) {
    if (stack.heap == read::Heap::kManaged) continue;
    const auto last = std::find_if(
        stack.samples.rbegin(), stack.samples.rend(),
        [&](const read::Sample& sample) { return sample.snapshot == timeline.moments.back(); });
    if (last == stack.samples.rend()) continue;
    for (const read::GenerationCount& generation : last->generations) {
      const size_t born = std::min<size_t>(timeline.moment_of_code[generation.code], moments - 1);
      staying[born] += static_cast<double>(generation.blocks);
    }
  }
  double stayed = 0;
  for (size_t i = 0; i < moments; ++i) {
    stayed += staying[i];
    timeline.allocated.push_back(allocated_blocks(recording.snapshots[timeline.moments[i]]));
    const double passing = timeline.allocated.back() - stayed;
    timeline.activity.push_back(std::max(i == 0 ? 0.0 : timeline.activity.back(), passing));
  }
}

bool asks_for_all(const read::Recording& recording, const std::vector<size_t>& snapshots) {
  return std::all_of(snapshots.begin(), snapshots.end(), [&](size_t snapshot) {
    const uint32_t trigger = recording.snapshots[snapshot].meta.trigger;
    return trigger == static_cast<uint32_t>(format::Trigger::kItself);
  });
}

// Everything that follows from Timeline::regular and the interval. Native allocations do not tell
// whether JavaScript is idle.
void complete(const read::Recording& recording, const std::vector<double>& work, bool native,
              Timeline& timeline) {
  timeline.length_seconds = seconds_of(recording.snapshots[timeline.regular.back()]) -
                            seconds_of(recording.snapshots[timeline.regular.front()]);

  std::vector<size_t> moments = thinned(recording, timeline.regular);
  const std::vector<bool> idle =
      native ? idle_windows(recording, moments) : std::vector<bool>(moments.size(), false);
  double active = seconds_of(recording.snapshots[moments.front()]);
  for (size_t i = 0; i < moments.size(); ++i) {
    const read::Snapshot& snapshot = recording.snapshots[moments[i]];
    if (i > 0) {
      const double window =
          std::max(0.0, seconds_of(snapshot) - seconds_of(recording.snapshots[moments[i - 1]]));
      if (idle[i]) {
        timeline.idle_seconds += window;
        // The later snapshot stands for both: nothing happened, and what was in flight is done.
        if (!timeline.moments.empty()) timeline.moments.back() = moments[i];
        continue;
      }
      active += std::max(window, 1e-6);
    }
    timeline.moments.push_back(moments[i]);
    timeline.seconds.push_back(active);
  }
  if (!work.empty()) {
    for (const size_t moment : timeline.moments) {
      timeline.work.push_back(moment < work.size() ? work[moment] : work.back());
    }
  }
  timeline.moment_of_code.resize(256);
  for (uint32_t code = 0; code < 256; ++code) {
    const uint32_t sequence = format::first_sequence_of_generation(code);
    size_t moment = 0;
    while (moment + 1 < timeline.moments.size() &&
           recording.snapshots[timeline.moments[moment]].meta.sequence < sequence) {
      ++moment;
    }
    timeline.moment_of_code[code] = static_cast<uint32_t>(moment);
  }
  count_passing_blocks(recording, timeline);
  const bool asks_itself = asks_for_all(recording, timeline.regular);
  for (size_t i = 0; i < timeline.moments.size() && (asks_itself || !native); ++i) {
    timeline.turns.push_back(static_cast<double>(native ? timeline.moments[i] : i));
  }
}

}  // namespace

double allocated_blocks(const read::Snapshot& snapshot) {
  uint64_t blocks = snapshot.meta.native.allocated_blocks + snapshot.meta.mapping.allocated_blocks;
  for (const read::Snapshot::Runtime& runtime : snapshot.runtimes) {
    blocks += runtime.objects.allocated_blocks;
  }
  return static_cast<double>(blocks);
}

Timeline make_timeline(const read::Recording& recording, const std::vector<double>& work) {
  Timeline timeline;
  timeline.snapshots = recording.snapshots.size();
  for (size_t i = 0; i < recording.snapshots.size(); ++i) {
    if (!at_exit(recording.snapshots[i])) timeline.regular.push_back(i);
  }
  // Two snapshots, one of them at exit, still say how much more there was at the end.
  if (timeline.regular.size() < 2) {
    timeline.regular.clear();
    for (size_t i = 0; i < recording.snapshots.size(); ++i) timeline.regular.push_back(i);
  }
  if (timeline.regular.empty()) return timeline;
  timeline.sampling_interval =
      static_cast<double>(recording.snapshots.back().meta.sampling_interval_bytes);
  complete(recording, work, true, timeline);
  return timeline;
}

Timeline make_script_timeline(const read::Recording& recording, const std::vector<double>& work) {
  Timeline timeline;
  timeline.snapshots = recording.snapshots.size();
  uint64_t captured = 0;
  uint64_t interval = 0;
  double intervals = 0;
  for (size_t i = 0; i < recording.snapshots.size(); ++i) {
    const format::ManagedHeapEntry* managed_heap = fresh_main_heap(recording.snapshots[i]);
    if (managed_heap == nullptr || at_exit(recording.snapshots[i])) continue;
    if (managed_heap->captured_elapsed_ns <= captured) continue;
    captured = managed_heap->captured_elapsed_ns;
    // Another interval is as a rule another sampler, which knows nothing of what the one before
    // had.
    const bool goes_on = (managed_heap->flags & format::kHeapKeepsSamples) != 0;
    if (managed_heap->sampling_interval_bytes != interval && !goes_on) {
      timeline.regular.clear();
      intervals = 0;
    }
    interval = managed_heap->sampling_interval_bytes;
    intervals += static_cast<double>(interval);
    timeline.regular.push_back(i);
    timeline.sampling_interval =
        std::max(1.0, intervals / static_cast<double>(timeline.regular.size()));
  }
  if (!timeline.regular.empty()) complete(recording, work, false, timeline);
  return timeline;
}

Series make_series(const Timeline& timeline, const read::Stack& stack) {
  Series series;
  series.bytes.resize(timeline.snapshots);
  series.blocks.resize(timeline.snapshots);
  const size_t moments = timeline.moments.size();
  const size_t cells = moments * (moments + 1) / 2;
  size_t moment = 0;
  for (const read::Sample& sample : stack.samples) {
    if (sample.snapshot >= timeline.snapshots) continue;
    series.bytes[sample.snapshot] = static_cast<double>(sample.live_bytes);
    series.blocks[sample.snapshot] = static_cast<double>(sample.live_blocks);
    series.allocated_bytes = static_cast<double>(sample.allocated_bytes);
    series.allocated_blocks = static_cast<double>(sample.allocated_blocks);
    series.samples += static_cast<double>(sample.samples);
    if (sample.samples > 0) series.sampled_bytes += static_cast<double>(sample.live_bytes);
    while (moment < moments && timeline.moments[moment] < sample.snapshot) ++moment;
    if (moment == moments || timeline.moments[moment] != sample.snapshot) continue;
    if (sample.generations.empty()) continue;
    if (series.born_blocks.empty()) {
      series.born_blocks.resize(cells);
      series.born_bytes.resize(cells);
    }
    for (const read::GenerationCount& generation : sample.generations) {
      const size_t born = std::min<size_t>(timeline.moment_of_code[generation.code], moment);
      series.born_blocks[Series::cell(moment, born)] += static_cast<double>(generation.blocks);
      series.born_bytes[Series::cell(moment, born)] += static_cast<double>(generation.bytes);
    }
  }
  return series;
}

void add(Series& sum, const Series& part) {
  if (sum.bytes.empty()) {
    sum = part;
    return;
  }
  const auto accumulate = [](std::vector<double>& to, const std::vector<double>& from) {
    if (to.size() < from.size()) to.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) to[i] += from[i];
  };
  accumulate(sum.bytes, part.bytes);
  accumulate(sum.blocks, part.blocks);
  accumulate(sum.born_bytes, part.born_bytes);
  accumulate(sum.born_blocks, part.born_blocks);
  sum.allocated_bytes += part.allocated_bytes;
  sum.allocated_blocks += part.allocated_blocks;
  sum.samples += part.samples;
  sum.sampled_bytes += part.sampled_bytes;
}

}  // namespace silt::analyze
