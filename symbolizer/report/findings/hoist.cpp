// SPDX-License-Identifier: Apache-2.0
//
// See hoist.h.

#include "symbolizer/report/findings/hoist.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Timeline;
using symbolize::Frame;
using symbolize::FrameKind;

// Healthy allocations through the leaking function that make the caller the better site, as a share
// of the leaking ones; and the most that healthy callers' blocks may grow, as a share of the leak.
constexpr double kHealthyShare = 0.1;
constexpr size_t kMostHoists = 8;
// Of what lost blocks were made in one line of a caller, so much must be lost if that line is to
// have forgotten them: else it forgets nothing as a rule, and the function does on some of its
// ways.
constexpr double kMostOfCalls = 0.5;
// Other callers that are looked at.
constexpr size_t kMostCallers = 32;

// A line that calls the leaking function, and what the calls from there left.
struct Caller {
  Frame frame;
  std::unordered_set<uint64_t> calls;
  std::unordered_set<size_t> stacks;
  double grown = 0;      // blocks
  double allocated = 0;  // by the stacks of the candidate that grew
};

// Parents are older than their children, so one pass hands marks down to the innermost frames.
enum Mark : uint8_t { kThrough = 1, kFromCaller = 2 };
read::ByNode<uint8_t> marks_of(const read::Recording& recording,
                               const std::unordered_set<uint64_t>& calls,
                               const std::unordered_set<uint64_t>& callers) {
  read::ByNode<uint8_t> marks(recording.nodes.size(), 0);
  for (uint32_t i = 1; i < recording.nodes.size(); ++i) {
    const read::NodeId node{i};
    const read::Node& here = recording.nodes[node];
    marks[node] =
        static_cast<uint8_t>(marks[here.parent] | (calls.count(here.pc) > 0 ? kThrough : 0) |
                             (callers.count(here.pc) > 0 ? kFromCaller : 0));
  }
  return marks;
}

// Blocks that stacks of the heap with these marks allocated, but for some.
double allocated_by(const read::Recording& recording, read::Heap heap,
                    const read::ByNode<uint8_t>& marks, uint8_t wanted,
                    const std::unordered_set<size_t>& without) {
  double all = 0;
  for (size_t i = 0; i < recording.stacks.size(); ++i) {
    const read::Stack& stack = recording.stacks[i];
    if (stack.heap != heap || marks[stack.leaf] != wanted) continue;
    if (without.count(i) > 0 || stack.samples.empty()) continue;
    all += static_cast<double>(stack.samples.back().allocated_blocks);
  }
  return all;
}

// Whether more of a caller's is live merely because more was under way when the last snapshot was
// taken, or its call came when a table needed room: few blocks, and a small part of all that it
// made by way of the function.
bool is_in_flight(const Caller& caller, double made, const Caller& cause) {
  return caller.grown <= kHealthyShare * cause.grown &&
         caller.grown * cause.allocated <= kHealthyShare * cause.grown * made;
}

// Whether nothing points to most of the blocks of these stacks, as far as that is known.
bool are_lost(const read::Recording& recording, const std::unordered_set<size_t>& stacks) {
  if (!recording.owners || !recording.owners->found) return false;
  std::unordered_set<uint32_t> ids;
  for (const size_t stack : stacks) ids.insert(number_of(recording.stacks[stack].id));
  uint64_t kept = 0;
  uint64_t lost = 0;
  for (const read::OwnersRow& row : recording.owners->rows) {
    if (ids.count(row.stack) == 0) continue;
    kept += row.kept_blocks;
    lost += row.lost_blocks;
  }
  return lost > kept;
}

// Blocks that a stack allocated up to a snapshot.
double allocated_until(const read::Stack& stack, size_t snapshot) {
  uint64_t blocks = 0;
  for (const read::Sample& sample : stack.samples) {
    if (sample.snapshot > snapshot) break;
    blocks = sample.allocated_blocks;
  }
  return static_cast<double>(blocks);
}

// Whether the line forgets most of what its calls make, from the first regular snapshot on.
bool forgets_most(const read::Recording& recording, const Timeline& timeline,
                  const Caller& caller) {
  double made = 0;
  for (const size_t i : caller.stacks) {
    const read::Stack& stack = recording.stacks[i];
    made += allocated_until(stack, timeline.regular.back()) -
            allocated_until(stack, timeline.regular.front());
  }
  return caller.grown >= kMostOfCalls * made;
}

bool hoist_once(const read::Recording& recording, const Timeline& timeline, const NodeFrames& names,
                const FoldOptions& options, Candidate& candidate) {
  Frame& site = candidate.group.site;
  if (site.kind != FrameKind::kNative || origin_of(site, options.look_through) < Origin::kWrapper) {
    return false;
  }
  std::unordered_set<uint64_t> calls;  // in the site's function
  std::unordered_map<std::string, Caller> by_key;
  for (const Member& member : candidate.members) {
    const analyze::Series& series = member.series;
    if (growth_of(timeline, series) <= 0) continue;
    const read::Stack& stack = recording.stacks[member.stack];
    bool seen = false;
    bool found = false;
    Frame next;
    uint64_t next_pc = 0;
    for (const read::NodeId node : read::StackNodes(recording, stack)) {
      for (const Frame& frame : names(node)) {
        if (same_function(frame, site)) {
          calls.insert(recording.nodes[node].pc);
          seen = true;
          found = false;  // recursion: what counts is outside of the outermost one
        } else if (seen && !found && origin_of(frame, options.look_through) == Origin::kUser) {
          next = frame;
          next_pc = recording.nodes[node].pc;
          found = true;
        }
      }
    }
    if (!found) return false;
    Caller& caller = by_key[site_key(next)];
    caller.frame = next;
    caller.calls.insert(next_pc);
    caller.stacks.insert(member.stack);
    caller.grown +=
        series.blocks[timeline.regular.back()] - series.blocks[timeline.regular.front()];
    caller.allocated += series.allocated_blocks;
  }
  const Caller* cause = nullptr;
  for (const auto& [key, caller] : by_key) {
    if (cause == nullptr || caller.grown > cause->grown) cause = &caller;
  }
  if (cause == nullptr || by_key.size() > kMostCallers) return false;
  for (const auto& [key, caller] : by_key) {
    if (&caller == cause) continue;
    const double made =
        allocated_by(recording, candidate.group.heap, marks_of(recording, calls, caller.calls),
                     kThrough | kFromCaller, {});
    if (!is_in_flight(caller, made, *cause)) return false;
  }
  const Frame caller = cause->frame;
  // Which of main's lines it was that came first or last says little of a program.
  if (says_little(caller)) return false;
  if (are_lost(recording, cause->stacks) && !forgets_most(recording, timeline, *cause))
    return false;
  const std::unordered_set<size_t>& leaking = cause->stacks;
  const double leaked = cause->allocated;
  const double healthy = allocated_by(recording, candidate.group.heap,
                                      marks_of(recording, calls, cause->calls), kThrough, leaking);
  if (healthy < kHealthyShare * leaked) return false;
  site = caller;
  // What is under way for other callers comes and goes by its own ways.
  std::erase_if(candidate.members,
                [&](const Member& member) { return leaking.count(member.stack) == 0; });
  candidate.group.sum = sum_of(candidate.members);
  return true;
}

}  // namespace

bool hoist(const read::Recording& recording, const Timeline& timeline, const NodeFrames& names,
           const FoldOptions& options, Candidate& candidate) {
  for (size_t i = 0; i < kMostHoists; ++i) {
    if (!hoist_once(recording, timeline, names, options, candidate)) return i > 0;
  }
  return true;
}

}  // namespace silt::report
