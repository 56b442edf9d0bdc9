// SPDX-License-Identifier: Apache-2.0
//
// See siblings.h.

#include "symbolizer/report/findings/siblings.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "symbolizer/analyze/step.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Timeline;
using analyze::Verdict;
using symbolize::Frame;

// Siblings are so many calls below the function where they meet, at most.
constexpr size_t kNearSiblings = 5;
// A function through which this many times as many other blocks come is a dispatcher.
constexpr double kDispatcher = 3;

// Blocks of the whole run through calls from this place, but those of the members.
double other_blocks(const read::Recording& recording, uint64_t pc, const Candidate& a,
                    const Candidate& b) {
  std::unordered_set<size_t> own;
  for (const Member& member : a.members) own.insert(member.stack);
  for (const Member& member : b.members) own.insert(member.stack);
  read::ByNode<bool> below(recording.nodes.size(), false);
  for (uint32_t i = 1; i < recording.nodes.size(); ++i) {
    const read::NodeId node{i};
    const read::Node& here = recording.nodes[node];
    below[node] = below[here.parent] || here.pc == pc;
  }
  double blocks = 0;
  for (size_t i = 0; i < recording.stacks.size(); ++i) {
    const read::Stack& stack = recording.stacks[i];
    if (!below[stack.leaf] || own.count(i) > 0 || stack.samples.empty()) continue;
    blocks += static_cast<double>(stack.samples.back().allocated_blocks);
  }
  return blocks;
}

}  // namespace

std::optional<Frame> sibling_site(const read::Recording& recording, const Timeline& timeline,
                                  const NodeFrames& names, const FoldOptions& options,
                                  const Candidate& whole, const Candidate& part) {
  if (part.group.verdict() != Verdict::kLeak || whole.group.heap != part.group.heap) {
    return std::nullopt;
  }
  const analyze::Lockstep step = analyze::lockstep(timeline, whole.group.sum, part.group.sum);
  if (step == analyze::Lockstep::kNone) return std::nullopt;
  const std::vector<read::NodeId> first = path_of(recording, whole);
  const std::vector<read::NodeId> second = path_of(recording, part);
  const size_t common = common_nodes(first, second);
  if (common == 0 || common == first.size() || common == second.size()) return std::nullopt;
  const auto is_far = [&](const std::vector<read::NodeId>& path, const Frame& site) {
    size_t at = 0;
    const std::string key = site_key(site);
    const auto is_site = [&](const Frame& frame) { return site_key(frame) == key; };
    while (at < path.size() &&
           std::none_of(names(path[at]).begin(), names(path[at]).end(), is_site))
      ++at;
    return path.size() - common > at + kNearSiblings;
  };
  const bool far = is_far(first, whole.group.site) || is_far(second, part.group.site);
  // A key in a table and its value, made by different steps of the program: the thing keeps its
  // site, since where its parts meet is far out.
  if (far && step == analyze::Lockstep::kOneThing) return whole.group.site;
  if (far) return std::nullopt;
  // Both calls are made by one function; inlined ones of it may differ.
  const symbolize::FrameList& calls = names(first[first.size() - 1 - common]);
  const symbolize::FrameList& others = names(second[second.size() - 1 - common]);
  std::optional<Frame> meet;
  bool one_line = false;
  for (size_t i = 1; i <= std::min(calls.size(), others.size()); ++i) {
    const Frame& frame = calls[calls.size() - i];
    const Frame& other = others[others.size() - i];
    if (!same_function(frame, other)) break;
    one_line = frame.line != 0 && frame.line == other.line && frame.file == other.file &&
               origin_of(frame, options.look_through) == Origin::kUser;
    if (origin_of(frame, options.look_through) == Origin::kUser && frame.function != "main") {
      meet = frame;
    }
  }
  // One statement makes both, even one of main: `table.put(make(key))`.
  if (one_line && !meet) return whole.group.site;
  if (!meet) return std::nullopt;
  // Where every number and text that is handed to a function is a block of its own, an argument
  // made by the very line that calls the function where the thing is made moves no site.
  if (boxes_values(meet->kind) && site_key(*meet) == site_key(part.group.site) &&
      part.group.judgement.growth_bytes < whole.group.judgement.growth_bytes) {
    return whole.group.site;
  }
  const double blocks = whole.group.judgement.growth_blocks + part.group.judgement.growth_blocks;
  const uint64_t pc = recording.nodes[first[first.size() - common]].pc;
  if (other_blocks(recording, pc, whole, part) > kDispatcher * blocks) return std::nullopt;
  return meet;
}

}  // namespace silt::report
