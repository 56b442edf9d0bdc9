// SPDX-License-Identifier: Apache-2.0
//
// From a recording to a report; see the header.

#include "symbolizer/report/build.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/callerless.h"
#include "symbolizer/report/honesty.h"
#include "symbolizer/report/node_findings.h"
#include "symbolizer/report/node_words.h"
#include "symbolizer/report/place.h"
#include "symbolizer/report/retention.h"
#include "symbolizer/report/site.h"
#include "symbolizer/report/whole.h"
#include "symbolizer/runtime/others.h"
#include "symbolizer/runtime/python/frames.h"
#include "symbolizer/runtime/python/words.h"

namespace silt::report {
namespace {

using analyze::Timeline;
using symbolize::Frame;
using symbolize::FrameList;

// Findings that are no danger (bounded, sawtooth) are told when they explain at least this share of
// the largest live size, or this many bytes: people have seen them in RSS and wonder.
constexpr double kWorthTelling = 0.01;
constexpr double kWorthTellingBytes = 32 * 1024;
// Doubts about less than this are not told as findings: the stacks are listed all the same.
constexpr double kDoubt = 0.001;
constexpr double kDoubtBytes = 4096;

uint64_t rounded(double value) { return value <= 0 ? 0 : static_cast<uint64_t>(value + 0.5); }

std::vector<uint64_t> rounded(const std::vector<double>& values) {
  std::vector<uint64_t> result;
  for (const double value : values) result.push_back(rounded(value));
  return result;
}

FrameList frames_of(const read::Recording& recording, const read::Stack& stack,
                    const NodeFrames& names) {
  FrameList frames;
  for (uint32_t node = stack.leaf; node != 0; node = recording.nodes[node].parent) {
    if (recording.nodes[node].pc < format::kFirstRealPc) continue;
    frames.append(names(node));
  }
  frames.drop_innermost(leading_allocator_frames(frames));
  if (runtime::python::stands_in(frames)) frames.drop_if(is_interpreter_frame);
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

bool wanted(Verdict verdict, const Options& options) {
  return options.verdicts.empty() || std::find(options.verdicts.begin(), options.verdicts.end(),
                                               verdict) != options.verdicts.end();
}

SnapshotLine snapshot_line(const read::Snapshot& snapshot) {
  const format::Meta& meta = snapshot.meta;
  SnapshotLine line;
  line.sequence = meta.sequence;
  line.realtime_ns = meta.snapshot_realtime_ns;
  line.elapsed_seconds = static_cast<double>(meta.elapsed_ns) / 1e9;
  line.rss_bytes = meta.rss_bytes;
  line.live_bytes = meta.native.live_bytes;
  line.live_blocks = meta.native.live_blocks;
  line.allocated_bytes = meta.native.allocated_bytes;
  line.allocated_blocks = meta.native.allocated_blocks;
  line.mapping_bytes = meta.mapping.live_bytes;
  line.js_used_bytes = js_used_bytes(snapshot);
  const format::HeapTotals objects = object_totals(snapshot);
  line.object_bytes = objects.live_bytes;
  line.object_blocks = objects.live_blocks;
  line.parts = memory_parts(snapshot);
  return line;
}

Finding finding_of(const read::Recording& recording, const Group& group, size_t judged,
                   uint64_t limit) {
  const analyze::Judgement& judgement = group.judgement;
  Finding finding;
  decide(finding, {group.subject, group.thread, judgement.reason, group.remarks},
         judgement.confidence);
  finding.windows = judgement.windows;
  finding.growing_windows = judgement.growing_windows;
  finding.heap = group.heap;
  finding.growth_bytes = std::llround(judgement.growth_bytes);
  finding.growth_blocks = std::llround(judgement.growth_blocks);
  if (judged >= 2) {
    finding.bytes_per_hour = judgement.bytes_per_second * 3600;
    finding.blocks_per_hour = judgement.blocks_per_second * 3600;
  }
  if (judgement.bytes_per_work != 0) finding.bytes_per_work = judgement.bytes_per_work;
  const uint64_t rss = recording.snapshots.back().meta.rss_bytes;
  if (rises(finding.verdict) && limit > rss && judgement.bytes_per_second > 0) {
    finding.seconds_to_limit = static_cast<double>(limit - rss) / judgement.bytes_per_second;
  }
  for (const size_t stack : group.stacks) finding.stacks.push_back(recording.stacks[stack].id);
  finding.site = group.site;
  finding.runtime = group.runtime;
  finding.what = group.what;
  finding.beside_flat_heap = group.beside_flat_heap;
  finding.live_bytes = rounded(group.sum.bytes);
  return finding;
}

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
  for (const read::Sample& sample : stack.samples) {
    if (sample.snapshot >= timeline.snapshots) continue;
    line.live_bytes[sample.snapshot] = sample.live_bytes;
    line.live_blocks[sample.snapshot] = sample.live_blocks;
    line.allocated_bytes = sample.allocated_bytes;
    line.allocated_blocks = sample.allocated_blocks;
  }
  line.growth_bytes = std::llround(summary.growth_bytes);
  line.growth_blocks = std::llround(summary.growth_blocks);
  return line;
}

bool worth_telling(const Group& group, double largest_live) {
  const Verdict verdict = group.verdict();
  if (verdict == Verdict::kLeak) return true;
  if (verdict == Verdict::kGrowing) {
    return group.judgement.growth_bytes >= std::min(kDoubtBytes, kDoubt * largest_live);
  }
  const auto [low, peak] = std::minmax_element(group.sum.bytes.begin(), group.sum.bytes.end());
  return *peak - *low >= std::min(kWorthTellingBytes, kWorthTelling * largest_live);
}

}  // namespace

Names names_of(symbolize::Symbolizer& symbolizer) {
  return {
      [&symbolizer](uint32_t node) -> const FrameList& { return symbolizer.node_frames(node); },
      [&symbolizer] { return symbolizer.allocator_symbols_in_main(); },
      [&symbolizer] { return symbolizer.notes(); },
      [&symbolizer](const read::OwnersModule& module, uint64_t address, bool thread_local_offset) {
        return symbolizer.data_name(module.path, module.build_id, address, thread_local_offset);
      },
  };
}

Report build_report(const read::Recording& recording, const Names& names, const Options& options,
                    const Progress& progress) {
  const auto tell = [&progress](const char* what, double done) {
    if (progress) progress(what, done);
  };
  Report report;
  const read::Snapshot& last = recording.snapshots.back();
  report.pid = last.meta.pid;
  report.program = recording.program;
  report.command = recording.command;
  report.start_realtime_ns = last.meta.start_realtime_ns;
  report.sampling_interval_bytes = last.meta.sampling_interval_bytes;
  report.memory_limit_bytes =
      options.limit_bytes != 0 ? options.limit_bytes : last.meta.memory_limit_bytes;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    report.snapshots.push_back(snapshot_line(snapshot));
  }

  tell("judging stacks", 0);
  const Timeline timeline = analyze::make_timeline(recording, options.work);
  report.judged_snapshots = timeline.regular.size();
  report.judged_seconds = timeline.length_seconds;
  const analyze::Detectable least = analyze::smallest_detectable(timeline);
  if (least.blocks_per_hour > 0) report.detectable_blocks_per_hour = least.blocks_per_hour;
  if (least.bytes_per_hour > 0) report.detectable_bytes_per_hour = least.bytes_per_hour;
  const Timeline script_timeline = analyze::make_script_timeline(recording, options.work);
  const bool node = !script_timeline.regular.empty();
  const analyze::Detectable script_least = analyze::smallest_detectable(script_timeline);
  if (node && script_least.possible) {
    report.detectable_script_bytes_per_hour = script_least.bytes_per_hour;
  }
  std::vector<StackSummary> summaries;
  judge_stacks(recording, timeline, node ? Heaps::kNative : Heaps::kAll, summaries);
  if (node) judge_stacks(recording, script_timeline, Heaps::kManaged, summaries);

  tell("naming what grows", 0.3);
  FoldOptions fold_options;
  fold_options.look_through = options.look_through;
  fold_options.heaps = node ? Heaps::kNative : Heaps::kAll;
  std::vector<Group> groups = fold(recording, timeline, summaries, names.node_frames, fold_options);
  if (node) {
    fold_options.heaps = Heaps::kManaged;
    groups = settle_node_groups(
        recording, timeline, script_timeline, names.node_frames, std::move(groups),
        fold(recording, script_timeline, summaries, names.node_frames, fold_options));
  }

  if (!node) {
    if (is_node(recording)) settle_unjoined(groups);
    for (Group& group : groups) {
      const bool python =
          group.heap == read::Heap::kObjects || group.site.kind == symbolize::FrameKind::kPython;
      if (python) group.runtime = "python";
    }
  }
  const std::vector<std::string> own_allocators = names.allocators_in_main();
  Wholes wholes =
      judge_wholes({recording, timeline, summaries, names.node_frames, fold_options,
                    (last.meta.flags & format::kFlagOwnMalloc) != 0 || !own_allocators.empty()},
                   groups);
  order_groups(groups);
  report.detectable_whole_bytes_per_hour = wholes.detectable_bytes_per_hour;

  double largest_live = 0;
  for (const SnapshotLine& line : report.snapshots) {
    largest_live = std::max(largest_live, static_cast<double>(line.live_bytes + line.mapping_bytes +
                                                              line.object_bytes));
  }
  const bool filters = !options.module.empty() || !options.function.empty();
  std::unordered_set<size_t> shown;
  std::unordered_set<uint32_t> leads;
  for (const Group& group : groups) {
    if (!wanted(group.verdict(), options) || !worth_telling(group, largest_live)) continue;
    if (filters && std::none_of(group.stacks.begin(), group.stacks.end(), [&](size_t stack) {
          return has_match(frames_of(recording, recording.stacks[stack], names.node_frames),
                           options);
        })) {
      continue;
    }
    Finding finding =
        finding_of(recording, group, timeline.regular.size(), report.memory_limit_bytes);
    if (rises(finding.verdict)) {
      finding.places = places_of(recording, group, summaries, names.node_frames, fold_options,
                                 finding.bytes_per_hour.value_or(0));
    }
    report.findings.push_back(std::move(finding));
    shown.insert(group.stacks.begin(), group.stacks.end());
  }

  for (Finding& finding : wholes.findings) {
    if (filters || !wanted(finding.verdict, options)) continue;
    for (const uint32_t id : finding.leads) leads.insert(id);
    if (rises(finding.verdict)) {
      add_place(finding.places, place_key(finding), finding.bytes_per_hour.value_or(0));
    }
    report.findings.push_back(std::move(finding));
  }
  std::stable_partition(report.findings.begin(), report.findings.end(),
                        [](const Finding& finding) { return finding.verdict == Verdict::kLeak; });

  if (!filters && wanted(Verdict::kRetained, options)) {
    const size_t judged = timeline.regular.empty() ? 0 : timeline.regular.back() + 1;
    if (auto retained = retention_finding(recording, judged)) {
      report.findings.push_back(std::move(*retained));
    }
  }

  tell("naming stacks", 0.6);
  const bool by_growth = timeline.regular.size() >= 2;
  std::vector<size_t> order(recording.stacks.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (by_growth && summaries[a].growth_bytes != summaries[b].growth_bytes) {
      return summaries[a].growth_bytes > summaries[b].growth_bytes;
    }
    return summaries[a].last_bytes > summaries[b].last_bytes;
  });
  const size_t top = options.top == 0 ? order.size() : options.top;
  size_t taken = 0;
  report.stacks_total = order.size();
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t index = order[i];
    const bool of_finding = shown.count(index) > 0 || leads.count(recording.stacks[index].id) > 0;
    if (taken >= top && !of_finding) {
      if (shown.empty() && leads.empty()) break;
      continue;
    }
    if (!of_finding && !wanted(summaries[index].verdict, options)) continue;
    FrameList frames = frames_of(recording, recording.stacks[index], names.node_frames);
    if (filters && !has_match(frames, options)) continue;
    StackLine line = stack_line(recording, timeline, index, summaries[index]);
    line.frames = std::move(frames);
    report.stacks.push_back(std::move(line));
    ++taken;
    if (i % 256 == 0) {
      tell("naming stacks", 0.6 + 0.4 * static_cast<double>(i) / static_cast<double>(order.size()));
    }
  }

  add_owners(recording, names.node_frames, names.variables, report);

  report.honesty = honesty_lines(recording, timeline);
  if (node) {
    report.honesty.insert(report.honesty.begin() + 2,
                          script_honesty_line(recording, script_timeline));
  }
  report.notes = recording_notes(recording, timeline, own_allocators);
  for (const std::string& note : runtime::python::notes(recording)) report.notes.push_back(note);
  for (const std::string& note : runtime::other_runtimes(recording)) report.notes.push_back(note);
  if (std::string note = owners_note(recording); !note.empty()) {
    report.notes.push_back(std::move(note));
  }
  for (std::string& note : wholes.notes) report.notes.push_back(std::move(note));
  const bool objects_leak =
      std::any_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) {
        return finding.heap == read::Heap::kManaged && finding.verdict == Verdict::kLeak;
      });
  const uint64_t used =
      report.snapshots[std::max<size_t>(1, report.judged_snapshots) - 1].js_used_bytes;
  if (objects_leak && used > 0)
    report.notes.push_back(heap_snapshot_note(static_cast<double>(used)));
  for (std::string& note : names.notes()) report.notes.push_back(std::move(note));
  tell("done", 1);
  return report;
}

}  // namespace silt::report
