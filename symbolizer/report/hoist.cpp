// SPDX-License-Identifier: Apache-2.0
//
// See hoist.h.

#include "symbolizer/report/hoist.h"

#include <string>
#include <unordered_set>
#include <vector>

#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Timeline;
using symbolize::Frame;
using symbolize::FrameKind;

// Healthy allocations through the leaking function that make the caller the better site, as a share
// of the leaking ones.
constexpr double kHealthyShare = 0.1;
constexpr size_t kMostHoists = 8;

bool hoist_once(const read::Recording& recording, const Timeline& timeline, const NodeFrames& names,
                const FoldOptions& options, Candidate& candidate) {
  Frame& site = candidate.group.site;
  if (site.kind != FrameKind::kNative || owner_of(site, options.look_through) < Owner::kWrapper) {
    return false;
  }
  std::unordered_set<uint64_t> calls;    // in the site's function
  std::unordered_set<uint64_t> callers;  // of it, in the leaking stacks
  std::unordered_set<size_t> leaking;
  Frame caller;
  std::string key;
  double leaked = 0;
  for (const Member& member : candidate.members) {
    if (growth_of(timeline, member.series) <= 0) continue;
    leaking.insert(member.stack);
    leaked += member.series.allocated_blocks;
    const read::Stack& stack = recording.stacks[member.stack];
    bool seen = false;
    bool found = false;
    Frame next;
    uint64_t next_pc = 0;
    for (uint32_t node = stack.leaf; is_real(recording, node);
         node = recording.nodes[node].parent) {
      for (const Frame& frame : names(node)) {
        if (same_function(frame, site)) {
          calls.insert(recording.nodes[node].pc);
          seen = true;
          found = false;  // recursion: what counts is outside of the outermost one
        } else if (seen && !found && owner_of(frame, options.look_through) == Owner::kUser) {
          next = frame;
          next_pc = recording.nodes[node].pc;
          found = true;
        }
      }
    }
    if (!found || (!key.empty() && site_key(next) != key)) return false;
    caller = next;
    callers.insert(next_pc);
    key = site_key(next);
  }
  if (key.empty()) return false;
  // Parents are older than their children, so one pass hands marks down to the innermost frames.
  enum : uint8_t { kThrough = 1, kFromCaller = 2 };
  std::vector<uint8_t> marks(recording.nodes.size(), 0);
  for (size_t node = 1; node < recording.nodes.size(); ++node) {
    const read::Node& here = recording.nodes[node];
    marks[node] =
        static_cast<uint8_t>(marks[here.parent] | (calls.count(here.pc) > 0 ? kThrough : 0) |
                             (callers.count(here.pc) > 0 ? kFromCaller : 0));
  }
  double healthy = 0;
  for (size_t i = 0; i < recording.stacks.size(); ++i) {
    const read::Stack& stack = recording.stacks[i];
    if (stack.heap != candidate.group.heap || marks[stack.leaf] != kThrough) continue;
    if (leaking.count(i) > 0 || stack.samples.empty()) continue;
    healthy += static_cast<double>(stack.samples.back().allocated_blocks);
  }
  if (healthy < kHealthyShare * leaked) return false;
  site = caller;
  return true;
}

}  // namespace

void hoist(const read::Recording& recording, const Timeline& timeline, const NodeFrames& names,
           const FoldOptions& options, Candidate& candidate) {
  for (size_t i = 0; i < kMostHoists; ++i) {
    if (!hoist_once(recording, timeline, names, options, candidate)) break;
  }
}

}  // namespace silt::report
