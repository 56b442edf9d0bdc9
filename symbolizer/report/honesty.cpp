// SPDX-License-Identifier: Apache-2.0
//
// Honesty lines and notes; see the header.

#include "symbolizer/report/honesty.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/report/findings/chance.h"
#include "symbolizer/report/memory_parts.h"

namespace silt::report {
namespace {

using format::Cost;

uint64_t cost_of(const read::Snapshot& snapshot, Cost cost) {
  const size_t index = static_cast<size_t>(cost);
  return index < snapshot.costs.size() ? snapshot.costs[index] : 0;
}

double seconds_of(const read::Snapshot& snapshot) {
  return static_cast<double>(snapshot.meta.elapsed_ns) / 1e9;
}

std::string looked(const read::Recording& recording, const analyze::Timeline& timeline) {
  const read::Snapshot& last = recording.snapshots.back();
  std::string text = "looked at " +
                     format_counted(static_cast<double>(recording.snapshots.size()), "snapshot") +
                     " over " + format_duration(timeline.length_seconds);
  if (recording.snapshots.size() > timeline.regular.size())
    text += ", the one at exit was not judged";
  if (timeline.idle_seconds > 0.5) {
    text += ", " + format_duration(timeline.idle_seconds) + " of them idle";
  }
  if (timeline.sampling_interval > 0) {
    text += "; sampled, one in " + format_bytes(timeline.sampling_interval) + " on average";
  } else {
    text += "; exact: all " +
            format_count(static_cast<double>(last.meta.native.allocated_blocks +
                                             last.meta.mapping.allocated_blocks +
                                             object_totals(last).allocated_blocks)) +
            " allocations";
  }
  return text;
}

std::string detectable(const analyze::Timeline& timeline) {
  const analyze::Detectable least = analyze::smallest_detectable(timeline);
  if (!least.possible) {
    return "too short for a verdict: take at least 4 snapshots under load, better 8";
  }
  if (least.blocks_per_hour > 0) {
    const double hours = (timeline.seconds.back() - timeline.seconds.front()) / 3600;
    return "detection limit, found in 19 of 20 runs: " +
           format_counted(std::round(least.blocks_per_hour * hours), "block") +
           " from one call site in this run, " + format_count(least.blocks_per_hour) + " an hour" +
           (least.blocks_per_hour * hours < kFewBlocks
                ? " (" + format_count(kFewBlocks) + " in this run of what is less than " +
                      format_percent(kSmallShare) + " of the memory in use)"
                : "");
  }
  return "detection limit, found in 19 of 20 runs: " + format_bytes(least.bytes_per_hour) +
         " an hour from one call site (below that, sampling may miss it by chance)";
}

}  // namespace

std::vector<std::string> honesty_lines(const read::Recording& recording,
                                       const analyze::Timeline& timeline) {
  const read::Snapshot& last = recording.snapshots.back();
  std::vector<std::string> lines = {looked(recording, timeline), detectable(timeline)};

  std::string dropped;
  const auto count = [&](Cost cost, const char* text) {
    const uint64_t value = cost_of(last, cost);
    if (value == 0) return;
    if (!dropped.empty()) dropped += "; ";
    dropped += format_count(static_cast<double>(value)) + " " + text;
  };
  count(Cost::overflowed_blocks, "blocks not remembered (table full)");
  count(Cost::overflowed_stacks, "allocations without a stack (table full)");
  count(Cost::overflowed_mappings, "mappings not remembered (table full)");
  count(Cost::stacks_truncated, "stacks cut at the frame limit");
  count(Cost::walks_broken, "stacks that did not reach the outermost frame");
  count(Cost::snapshots_failed, "snapshots that could not be written");
  count(Cost::unknown_frees, "frees of blocks allocated before recording began");
  count(Cost::reissued_blocks,
        "frees of the allocator inside the program, which the compiler put into their callers");
  lines.push_back(dropped.empty() ? "nothing was dropped or cut short" : "not seen: " + dropped);

  const uint64_t folded = cost_of(last, Cost::folded_stacks);
  if (folded > 0) {
    lines.push_back("to keep silt's own memory small, " +
                    format_counted(static_cast<double>(folded), "stack") +
                    " without live memory, not seen for long, " + (folded == 1 ? "was" : "were") +
                    " folded into the callers; no block and no byte was lost");
  }

  std::string cost = "recording cost " +
                     format_bytes(static_cast<double>(
                         std::max(cost_of(last, Cost::resident_bytes), uint64_t{0}))) +
                     " of memory";
  if (cost_of(last, Cost::resident_bytes) == 0) {
    cost = "recording cost " + format_bytes(static_cast<double>(cost_of(last, Cost::table_bytes))) +
           " of mapped tables";
  }
  const double hooks = static_cast<double>(cost_of(last, Cost::hook_nanoseconds)) / 1e9;
  if (hooks > 0) {
    cost += " and " + format_duration(hooks) + " in hooks";
    if (seconds_of(last) > 0) {
      cost += " of " + format_duration(seconds_of(last)) + " run";
    }
  }
  const double writing = static_cast<double>(cost_of(last, Cost::snapshot_nanoseconds)) / 1e9;
  if (writing > 0) cost += ", " + format_duration(writing) + " to write snapshots";
  lines.push_back(cost);
  return lines;
}

namespace {

// Which managed heaps did not answer when they were asked, or nothing.
std::string unanswered(const read::Recording& recording) {
  size_t snapshots = 0;
  size_t most = 0;
  const bool java = recording.runtime_of_heaps() == "jvm";
  for (const read::Snapshot& snapshot : recording.snapshots) {
    // (A Java machine that ends is not asked.)
    if (java && snapshot.meta.trigger == static_cast<uint32_t>(format::Trigger::kExit)) continue;
    const auto heaps = static_cast<size_t>(std::count_if(
        snapshot.managed_heaps.begin(), snapshot.managed_heaps.end(),
        [](const format::ManagedHeapEntry& heap) {
          return (heap.flags & format::kHeapMissed) != 0 && (heap.flags & format::kHeapEnded) == 0;
        }));
    snapshots += heaps > 0 ? 1 : 0;
    most = std::max(most, heaps);
  }
  if (snapshots == 0) return "";
  return "; " + (most == 1 ? "a heap" : "up to " + std::to_string(most) + " heaps") +
         " did not answer at " + std::to_string(snapshots) + " of " +
         format_counted(static_cast<double>(recording.snapshots.size()), "snapshot") +
         (java ? " (a collection would have held it up for too long: SILT_JAVA_PAUSE)"
               : " (the event loop was busy, or the worker waits in Atomics.wait)") +
         " and may have grown unseen";
}

}  // namespace

namespace {

// From when on it was recorded.
std::string armed(const format::Meta& meta) {
  std::string text;
  if ((meta.flags & format::kFlagForkChild) == 0) {
    const auto then = static_cast<time_t>(meta.start_realtime_ns / 1'000'000'000) +
                      static_cast<time_t>(meta.armed_seconds);
    std::tm parts{};
    char at[64] = "";
    if (gmtime_r(&then, &parts) != nullptr) {
      std::strftime(at, sizeof at, "at %Y-%m-%d %H:%M:%S UTC, ", &parts);
    }
    text = std::string("armed ") + at +
           (meta.armed_seconds == 0 ? "less than a second" : format_duration(meta.armed_seconds)) +
           " after the start";
  } else {
    text = "a child of a process that was armed before";
  }
  return text +
         ": blocks allocated earlier are in no figure, and growth is of what was allocated since";
}

std::string why_inner_was_not_seen(uint32_t flags) {
  using format::InnerRefusal;
  switch (format::inner_refusal_of(flags)) {
    case InnerRefusal::kNone:
      break;
    case InnerRefusal::kOff:
      return ": SILT_INNER=0";
    case InnerRefusal::kProcessor:
      return ": silt can do that on x86-64 only";
    case InnerRefusal::kDecoder:
      return ": libZydis was not found";
    case InnerRefusal::kThreads:
      return ": a library had started a thread before silt could look";
    case InnerRefusal::kSystem:
      return ": the system does not let code be changed";
    case InnerRefusal::kCode:
      return ": the code of its functions leaves no room for a jump";
    case InnerRefusal::kNames:
      return ": its functions cannot be told apart by their names";
    case InnerRefusal::kRoom:
      return ": there was no room near the program's code";
    case InnerRefusal::kSanitizer:
      return ": it is a sanitizer's";
  }
  return "";
}

}  // namespace

std::string script_honesty_line(const read::Recording& recording,
                                const analyze::Timeline& script_timeline) {
  const analyze::Detectable least = analyze::smallest_detectable(script_timeline);
  std::string text =
      std::string(recording.runtime_of_heaps() == "jvm" ? "Java heap: sampled by the machine"
                                                        : "JavaScript heap: sampled by V8") +
      ", one in " + format_bytes(script_timeline.sampling_interval) + " on average, at " +
      format_counted(static_cast<double>(script_timeline.regular.size()), "snapshot");
  if (!least.possible) return text + ": too few for a verdict" + unanswered(recording);
  return text + "; detection limit, found in 19 of 20 runs: " + format_bytes(least.bytes_per_hour) +
         " an hour from one function" + unanswered(recording);
}

bool leaves_inner_out(uint32_t flags) {
  using format::InnerRefusal;
  const InnerRefusal why = format::inner_refusal_of(flags);
  // (Of the two latter silt gives one for every program, whatever it has inside.)
  return why != InnerRefusal::kNone && why != InnerRefusal::kOff && why != InnerRefusal::kProcessor;
}

std::vector<std::string> recording_notes(const read::Recording& recording,
                                         const analyze::Timeline& timeline,
                                         const std::vector<std::string>& allocators_in_main) {
  std::vector<std::string> notes;
  const read::Snapshot& last = recording.snapshots.back();
  const bool inner_seen = (last.meta.flags & format::kFlagInnerSeen) != 0;
  if ((last.meta.flags & format::kFlagOwnMalloc) != 0 || inner_seen ||
      leaves_inner_out(last.meta.flags) || !allocators_in_main.empty()) {
    std::string text = "the program has its own allocator";
    if (!allocators_in_main.empty()) {
      text += ": its main binary defines ";
      for (size_t i = 0; i < allocators_in_main.size() && i < 4; ++i) {
        text += (i > 0 ? ", " : "") + allocators_in_main[i];
      }
    }
    notes.push_back(text + (inner_seen ? "; what it allocates that way was recorded, too"
                                       : "; what it allocates that way was not seen" +
                                             why_inner_was_not_seen(last.meta.flags)));
  }
  const uint64_t allocated = last.meta.native.allocated_blocks + last.meta.mapping.allocated_blocks;
  if (allocated == 0) {
    notes.push_back("nothing was recorded: no allocation passed through silt");
  }
  if ((last.meta.flags & format::kFlagArmed) != 0) {
    notes.push_back(armed(last.meta));
  }
  const double taken = static_cast<double>(last.meta.sequence) + 1;
  const auto here = static_cast<double>(recording.snapshots.size());
  if ((last.meta.flags & format::kFlagThinned) != 0 && here < taken) {
    notes.push_back("thinned by age (SILT_KEEP): " + format_count(here) + " of " +
                    format_counted(taken, "snapshot") + " are left");
  }
  if ((last.meta.flags & format::kFlagNoUnwinder) != 0) {
    notes.push_back(
        "libunwind was not found when recording: stacks come from frame pointers and may be cut "
        "short");
  }
  if ((last.meta.flags & format::kFlagForkChild) != 0) {
    notes.push_back("a forked child: its live memory includes what its parent had allocated");
  }
  if ((last.meta.flags & format::kFlagCapFallback) != 0) {
    notes.push_back("silt's own memory limit was reached: from then on it sampled");
  }
  if (timeline.regular.size() < 2) {
    notes.push_back(
        "a single snapshot: figures are what is in use, not growth; take a second one with "
        "'silt dump PID'");
  }
  size_t truncated = 0;
  for (const read::Stack& stack : recording.stacks) {
    truncated += stack.missing != read::Missing::kNone ? 1 : 0;
  }
  if (truncated > 0) {
    notes.push_back(format_counted(static_cast<double>(truncated), "stack") + " of " +
                    format_count(static_cast<double>(recording.stacks.size())) +
                    " lack their outermost frames");
  }
  notes.insert(notes.end(), recording.notes.begin(), recording.notes.end());
  return notes;
}

}  // namespace silt::report
