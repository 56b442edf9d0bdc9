// SPDX-License-Identifier: Apache-2.0
//
// From a recording to a report: a table of contents over passes, each of which has a file.

#include "symbolizer/report/build.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/findings/chance.h"
#include "symbolizer/report/findings/findings.h"
#include "symbolizer/report/findings/pieces.h"
#include "symbolizer/report/findings/pointers.h"
#include "symbolizer/report/findings/whole.h"
#include "symbolizer/report/honesty.h"
#include "symbolizer/report/own_heap_mappings.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/stack_lines.h"
#include "symbolizer/report/threads.h"
#include "symbolizer/report/youth.h"

namespace silt::report {
namespace {

using analyze::Timeline;

// Native memory is seen at every snapshot; heaps that a runtime collects at those of its own.
struct Timelines {
  Timeline native;
  Timeline managed;
  bool has_managed() const { return !managed.regular.empty(); }
};

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
  line.java_bytes = java_used_bytes(snapshot);
  const format::HeapTotals objects = object_totals(snapshot);
  line.object_bytes = objects.live_bytes;
  line.object_blocks = objects.live_blocks;
  line.parts = memory_parts(snapshot);
  return line;
}

Report begin_report(const read::Recording& recording, const Options& options) {
  Report report;
  const read::Snapshot& last = recording.snapshots.back();
  report.pid = last.meta.pid;
  report.program = recording.program;
  report.command = recording.command;
  report.labels = recording.labels;
  report.start_realtime_ns = last.meta.start_realtime_ns;
  report.sampling_interval_bytes = last.meta.sampling_interval_bytes;
  report.memory_limit_bytes =
      options.limit_bytes != 0 ? options.limit_bytes : last.meta.memory_limit_bytes;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    report.snapshots.push_back(snapshot_line(snapshot));
    report.has_java = report.has_java || java_used_bytes(snapshot) != 0;
    for (const read::CensusLook& look : recording.class_census.looks) {
      if (look.snapshot == snapshot.meta.sequence) report.snapshots.back().java_bytes = look.bytes;
    }
  }
  return report;
}

Busyness busyness_of(const read::Recording& recording, const Timeline& timeline) {
  Busyness busyness;
  if (timeline.regular.size() < 2 || timeline.length_seconds <= 0) return busyness;
  const read::Snapshot& first = recording.snapshots[timeline.regular.front()];
  const read::Snapshot& last = recording.snapshots[timeline.regular.back()];
  const auto more = [](uint64_t before, uint64_t after) {
    return after > before ? static_cast<double>(after - before) : 0;
  };
  const double allocated = analyze::allocated_blocks(last) - analyze::allocated_blocks(first);
  busyness.allocations_per_hour = std::max(0.0, allocated) * 3600 / timeline.length_seconds;
  constexpr auto kCpu = static_cast<size_t>(format::Cost::process_cpu_nanoseconds);
  if (first.costs.size() > kCpu && last.costs.size() > kCpu && first.costs[kCpu] > 0) {
    busyness.processors = more(first.costs[kCpu], last.costs[kCpu]) / 1e9 / timeline.length_seconds;
  }
  return busyness;
}

void add_detectable(const Timelines& timelines, Report& report) {
  report.judged_snapshots = timelines.native.regular.size();
  report.judged_seconds = timelines.native.length_seconds;
  const analyze::Detectable least = analyze::smallest_detectable(timelines.native);
  if (least.blocks_per_hour > 0) report.detectable_blocks_per_hour = least.blocks_per_hour;
  if (least.bytes_per_hour > 0) report.detectable_bytes_per_hour = least.bytes_per_hour;
  const analyze::Detectable managed = analyze::smallest_detectable(timelines.managed);
  if (timelines.has_managed() && managed.possible) {
    report.detectable_script_bytes_per_hour = managed.bytes_per_hour;
  }
}

// Bytes of all heaps, when it was most.
double largest_in_use(const Report& report) {
  uint64_t largest = 0;
  for (const SnapshotLine& line : report.snapshots) largest = std::max(largest, live_bytes(line));
  return static_cast<double>(largest);
}

std::vector<StackSummary> judge_all_stacks(const read::Recording& recording,
                                           const Timelines& timelines) {
  std::vector<StackSummary> summaries;
  const bool apart = timelines.has_managed();
  judge_stacks(recording, timelines.native, apart ? Heaps::kNative : Heaps::kAll, summaries);
  if (apart) judge_stacks(recording, timelines.managed, Heaps::kManaged, summaries);
  return summaries;
}

std::vector<Group> fold_all(const read::Recording& recording, const Timelines& timelines,
                            const NodeFrames& names, FoldOptions options,
                            std::vector<StackSummary>& summaries) {
  const bool apart = timelines.has_managed();
  options.heaps = apart ? Heaps::kNative : Heaps::kAll;
  std::vector<Group> groups = fold(recording, timelines.native, summaries, names, options);
  if (!apart) return groups;
  options.heaps = Heaps::kManaged;
  std::vector<Group> managed = fold(recording, timelines.managed, summaries, names, options);
  std::move(managed.begin(), managed.end(), std::back_inserter(groups));
  return groups;
}

void settle(const Settling& input, std::vector<Group>& groups) {
  for (const Runtime* runtime : runtimes()) {
    if (runtime->settle != nullptr) runtime->settle(input, groups);
  }
}

// Of the roots that owners begin at, which are variables in which a runtime has its own state.
std::vector<bool> runtimes_own_roots(const read::Recording& recording, const Names& names) {
  std::vector<bool> own;
  if (!recording.owners || !names.variables) return own;
  const auto is_state = [](const std::string& name) {
    return std::any_of(runtimes().begin(), runtimes().end(), [&name](const Runtime* runtime) {
      const std::string_view variable = runtime->state_variable;
      if (variable.empty() || !name.starts_with(variable)) return false;
      return name.size() == variable.size() || name[variable.size()] == '.';
    });
  };
  own.reserve(recording.owners->roots.size());
  for (const read::OwnersRoot& root : recording.owners->roots) {
    bool state = false;
    if (root.kind == format::RootKind::kData) {
      const read::OwnersModule& module = recording.owners->modules[root.place];
      state = is_state(names.variables(module, root.address - module.load_bias, false).variable);
    }
    own.push_back(state);
  }
  return own;
}

void add_honesty(const read::Recording& recording, const Timelines& timelines, Report& report) {
  report.honesty = honesty_lines(recording, timelines.native);
  if (timelines.has_managed()) {
    report.honesty.insert(report.honesty.begin() + 2,
                          script_honesty_line(recording, timelines.managed));
  }
}

// What was judged as a heap that its runtime collects is a Java heap to readers.
void name_java_heap(Report& report) {
  const auto rename = [](auto& one) {
    if (one.heap == read::Heap::kManaged) one.heap = read::Heap::kJava;
  };
  if (!report.has_java) return;
  std::for_each(report.findings.begin(), report.findings.end(), rename);
  std::for_each(report.stacks.begin(), report.stacks.end(), rename);
}

void add_notes(const read::Recording& recording, const Timeline& timeline,
               const std::vector<std::string>& own_allocators, const Names& names,
               const Wholes& wholes, Report& report) {
  const auto add = [&report](const std::vector<std::string>& notes) {
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  };
  add(recording_notes(recording, timeline, own_allocators));
  for (const Runtime* runtime : runtimes()) {
    if (runtime->notes != nullptr) add(runtime->notes(recording, report));
  }
  if (const std::string note = owners_note(recording); !note.empty()) add({note});
  if (const std::string note = doubt_young(recording, timeline, report); !note.empty()) add({note});
  add(wholes.notes);
  add(names.notes());
}

}  // namespace

Names names_of(symbolize::Symbolizer& symbolizer) {
  return {
      [&symbolizer](read::NodeId node) -> const symbolize::FrameList& {
        return symbolizer.node_frames(node);
      },
      [&symbolizer] { return symbolizer.allocator_symbols_in_main(); },
      [&symbolizer] { return symbolizer.notes(); },
      [&symbolizer](const read::OwnersModule& module, uint64_t address, bool thread_local_offset) {
        return symbolizer.data_name(module.path, module.build_id, address, thread_local_offset);
      },
      [&symbolizer](const read::OwnersModule& module, uint64_t address) {
        return symbolizer.function_name(module.path, module.build_id, address);
      },
  };
}

Report build_report(const read::Recording& recording, const Names& names, const Options& options,
                    const Progress& progress) {
  const auto tell = [&progress](const char* what, double done) {
    if (progress) progress(what, done);
  };
  Report report = begin_report(recording, options);

  tell("judging stacks", 0);
  const Timelines timelines{analyze::make_timeline(recording, options.work),
                            analyze::make_script_timeline(recording, options.work)};
  add_detectable(timelines, report);
  report.busyness = busyness_of(recording, timelines.native);
  std::vector<StackSummary> summaries = judge_all_stacks(recording, timelines);

  tell("naming what grows", 0.3);
  FoldOptions fold_options;
  fold_options.look_through = options.look_through;
  std::vector<Group> groups =
      fold_all(recording, timelines, names.node_frames, fold_options, summaries);
  settle({recording, timelines.native, timelines.managed, names.node_frames}, groups);
  settle_by_owners(recording, timelines.native, runtimes_own_roots(recording, names), groups);
  tell_pieces(recording, names.node_frames, groups);
  if (report.sampling_interval_bytes == 0) doubt_few(largest_in_use(report), groups);
  const std::vector<std::string> own_allocators = names.allocators_in_main();
  const uint32_t flags = recording.snapshots.back().meta.flags;
  const bool own_malloc = (flags & format::kFlagOwnMalloc) != 0 || leaves_inner_out(flags) ||
                          (!own_allocators.empty() && (flags & format::kFlagInnerSeen) == 0);
  const std::vector<uint64_t> own_heap =
      own_heap_mappings(recording, names.node_frames, fold_options);
  for (size_t i = 0; i < own_heap.size(); ++i) report.snapshots[i].mapping_bytes -= own_heap[i];
  const WholeInput input{recording,    timelines.native, summaries, names.node_frames,
                         fold_options, own_heap,         own_malloc};
  const Wholes wholes = judge_wholes(input, groups);
  report.detectable_whole_bytes_per_hour = wholes.detectable_bytes_per_hour;
  order_groups(groups);
  const Shown shown = add_findings(input, groups, wholes, options, report);

  tell("naming stacks", 0.6);
  add_stacks(
      recording, timelines.native, summaries, names.node_frames, options, shown,
      [&tell](const char* what, double done) { tell(what, 0.6 + 0.4 * done); }, report);
  add_owners(recording, names.node_frames, names.variables, names.functions, report);
  for (const Runtime* runtime : runtimes()) {
    if (runtime->add_owners != nullptr) runtime->add_owners(recording, report);
  }
  add_threads(recording, report);
  name_java_heap(report);
  add_honesty(recording, timelines, report);
  add_notes(recording, timelines.native, own_allocators, names, wholes, report);
  tell("done", 1);
  return report;
}

}  // namespace silt::report
