// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/stack_lines.h"

#include <algorithm>
#include <cmath>

#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Timeline;
using symbolize::Frame;
using symbolize::FrameList;

StackLine stack_line(const read::Recording& recording, const Timeline& timeline, size_t index,
                     const StackSummary& summary) {
  const read::Stack& stack = recording.stacks[index];
  StackLine line;
  line.id = stack.id;
  line.heap = stack.heap;
  line.missing = stack.missing;
  line.verdict = summary.verdict;
  line.live_bytes.resize(timeline.snapshots);
  line.live_blocks.resize(timeline.snapshots);
  const bool counted = stack.heap != read::Heap::kManaged;
  if (counted) line.allocated_bytes_by.resize(timeline.snapshots);
  if (counted) line.allocated_blocks_by.resize(timeline.snapshots);
  for (const read::Sample& sample : stack.samples) {
    if (sample.snapshot >= timeline.snapshots) continue;
    // A snapshot without the stack comes after it was folded away, or before there was one.
    if (counted) {
      const auto from = static_cast<ptrdiff_t>(sample.snapshot);
      std::fill(line.allocated_bytes_by.begin() + from, line.allocated_bytes_by.end(),
                sample.allocated_bytes);
      std::fill(line.allocated_blocks_by.begin() + from, line.allocated_blocks_by.end(),
                sample.allocated_blocks);
    }
    line.live_bytes[sample.snapshot] = sample.live_bytes;
    line.live_blocks[sample.snapshot] = sample.live_blocks;
    line.allocated_bytes = sample.allocated_bytes;
    line.allocated_blocks = sample.allocated_blocks;
  }
  line.growth_bytes = std::llround(summary.growth_bytes);
  line.growth_blocks = std::llround(summary.growth_blocks);
  return line;
}

std::vector<size_t> in_order(const std::vector<StackSummary>& summaries, bool by_growth) {
  std::vector<size_t> order(summaries.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (by_growth && summaries[a].growth_bytes != summaries[b].growth_bytes) {
      return summaries[a].growth_bytes > summaries[b].growth_bytes;
    }
    return summaries[a].last_bytes > summaries[b].last_bytes;
  });
  return order;
}

}  // namespace

FrameList shown_frames(const read::Recording& recording, const read::Stack& stack,
                       const NodeFrames& names) {
  FrameList frames = frames_of(recording, stack, names);
  frames.drop_innermost(leading_allocator_frames(frames));
  for (const Runtime* runtime : runtimes()) {
    if (!runtime->hides_native_frames) continue;
    const bool runs = std::any_of(frames.begin(), frames.end(), [runtime](const Frame& frame) {
      return frame.kind == runtime->kind;
    });
    if (!runs) continue;
    frames.drop_if([runtime](const Frame& frame) { return is_frame_within(*runtime, frame); });
  }
  return frames;
}

bool has_match(const FrameList& frames, const Options& options) {
  const auto any = [&](auto&& matches) {
    return std::any_of(frames.begin(), frames.end(), matches);
  };
  if (!options.module.empty() && !any([&](const Frame& frame) {
        return frame.module.find(options.module) != std::string::npos;
      })) {
    return false;
  }
  return options.function.empty() || any([&](const Frame& frame) {
           return frame.function.find(options.function) != std::string::npos;
         });
}

bool is_wanted(Verdict verdict, const Options& options) {
  return options.verdicts.empty() || std::find(options.verdicts.begin(), options.verdicts.end(),
                                               verdict) != options.verdicts.end();
}

bool has_filters(const Options& options) {
  return !options.module.empty() || !options.function.empty();
}

void add_stacks(const read::Recording& recording, const Timeline& timeline,
                const std::vector<StackSummary>& summaries, const NodeFrames& names,
                const Options& options, const Shown& shown, const Progress& progress,
                Report& report) {
  const std::vector<size_t> order = in_order(summaries, timeline.regular.size() >= 2);
  const size_t top = options.top == 0 ? order.size() : options.top;
  size_t taken = 0;
  report.stacks_total = order.size();
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t index = order[i];
    const bool of_finding =
        shown.stacks.count(index) > 0 || shown.leads.count(recording.stacks[index].id) > 0;
    if (taken >= top && !of_finding) {
      if (shown.stacks.empty() && shown.leads.empty()) break;
      continue;
    }
    if (!of_finding && !is_wanted(summaries[index].verdict, options)) continue;
    FrameList frames = shown_frames(recording, recording.stacks[index], names);
    if (has_filters(options) && !has_match(frames, options)) continue;
    StackLine line = stack_line(recording, timeline, index, summaries[index]);
    line.frames = std::move(frames);
    report.stacks.push_back(std::move(line));
    taken += of_finding ? 0 : 1;
    if (i % 256 == 0 && progress) {
      progress("naming stacks", static_cast<double>(i) / static_cast<double>(order.size()));
    }
  }
}

}  // namespace silt::report
