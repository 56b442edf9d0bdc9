// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/relation.h"

#include <algorithm>
#include <string>

#include "symbolizer/analyze/step.h"
#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/report/findings/chance.h"
#include "symbolizer/report/findings/passage.h"
#include "symbolizer/report/findings/pieces.h"
#include "symbolizer/report/origin.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Judgement;
using analyze::Timeline;
using analyze::Verdict;
using symbolize::Frame;

// A container adds few blocks where the things it holds add many.
constexpr double kContainerShare = 0.02;
// Objects of a container in a sampled heap are so many times as large as what it holds.
constexpr double kContainerSize = 8;

// What one function maps and what it takes from malloc meanwhile may be one thing: a segment and
// the record that describes it.
bool may_share(const Group& whole, const Group& part) {
  if (whole.heap == part.heap) return true;
  const auto is_native = [](const Group& group) {
    return group.heap == read::Heap::kNative || group.heap == read::Heap::kMapping;
  };
  return is_native(whole) && is_native(part) && same_function(whole.site, part.site);
}

// Cheap: whether the pair is worth a closer look.
bool may_relate(const Candidate& whole, const Candidate& part, const FoldOptions& options) {
  if (!may_share(whole.group, part.group)) return false;
  for (const Frame& site : whole.sites) {
    if (part.functions.count(function_hash(site)) > 0) return true;
  }
  return part.functions.count(function_hash(whole.group.site)) > 0 ||
         whole.functions.count(function_hash(part.group.site)) > 0 ||
         (is_foreign(whole.group.site, options) && is_foreign(part.group.site, options));
}

// Whether a constructor, called by this line, makes what the group leaks: the line makes the object
// then, as `new` does before it calls the constructor.
bool constructs(const read::Recording& recording, const NodeFrames& names,
                const Candidate& candidate, const Frame& line) {
  const std::string key = site_key(line);
  bool by_constructor = false;
  const read::Stack& stack = recording.stacks[candidate.members.front().stack];
  for (const read::NodeId node : read::StackNodes(recording, stack)) {
    for (const Frame& frame : names(node)) {
      if (site_key(frame) == key) return by_constructor;
      if (origin_of(frame) == Origin::kUser) by_constructor = is_constructor(frame);
    }
  }
  return false;
}

// Few blocks that grow beside the many of `whole`. In a sampled heap a single sample stands for
// as many objects as fit between two samples, so there few blocks say nothing unless they are
// large.
bool is_container_of(const Group& part, const Group& whole) {
  const Judgement& one = part.judgement;
  const Judgement& all = whole.judgement;
  if (one.growth_bytes <= 0) return false;
  if (part.heap == read::Heap::kManaged &&
      one.growth_bytes * all.growth_blocks <
          kContainerSize * all.growth_bytes * one.growth_blocks) {
    return false;
  }
  return one.growth_blocks <= std::max(1.0, kContainerShare * all.growth_blocks);
}

}  // namespace

bool is_beside_library(const read::Recording& recording, const NodeFrames& names,
                       const FoldOptions& options, const Candidate& whole, const Candidate& part) {
  const std::vector<read::NodeId> first = path_of(recording, whole);
  const std::vector<read::NodeId> second = path_of(recording, part);
  const size_t common = common_nodes(first, second);
  if (common == 0) return false;
  const symbolize::FrameList& innermost = names(first[first.size() - common]);
  return !innermost.empty() && is_foreign(innermost[0], options) &&
         !is_foreign(part.group.site, options);
}

Relation relation(const read::Recording& recording, const Timeline& timeline,
                  const NodeFrames& names, const FoldOptions& options, const Candidate& whole,
                  const Candidate& part) {
  if (!may_relate(whole, part, options)) return Relation::kNone;
  const Group& root = whole.group;
  const Group& group = part.group;
  const Verdict verdict = group.verdict();
  const bool container = is_container_of(group, root);
  if (!rises(group) && !(container && verdict == Verdict::kBounded)) return Relation::kNone;
  if (same_function(root.site, group.site) && are_pieces(recording, names, part)) {
    return Relation::kPart;
  }
  const bool with_it = container || analyze::in_step(timeline, root.sum, group.sum);
  if (!with_it) return Relation::kNone;
  // No line of the user's is known for either: all that can be said is that they go together.
  if (is_foreign(root.site, options) && is_foreign(group.site, options)) return Relation::kPart;
  if (same_function(root.site, group.site)) return Relation::kPart;
  for (const Frame& site : whole.sites) {
    if (same_function(site, group.site)) return Relation::kPart;
    if (!is_main(recording, names, whole, site) && passes(recording, part, names, site).function) {
      return Relation::kPart;
    }
  }
  const Passage through_root = passes(recording, part, names, root.site);
  // What main calls is the whole program, so there only the very line tells a part.
  if (through_root.line ||
      (through_root.function && !is_main(recording, names, whole, root.site))) {
    return Relation::kPart;
  }
  const Passage through = passes(recording, whole, names, group.site);
  const bool through_part = through.line;
  // Objects of a function and of what it calls, in a heap that a runtime collects: the callee says
  // more. Where its compiler puts calls into each other, the border between the two moves as well.
  if (verdict == Verdict::kLeak && through.function && group.heap == read::Heap::kManaged &&
      find_runtime(group.site.kind) != nullptr && !is_foreign(group.site, options) &&
      group.site.function != "(top level)") {
    return Relation::kPart;
  }
  // What the very line makes that calls the leak's function: an argument, which it keeps, or the
  // object whose constructor it is, and of which the leak is a part.
  if (verdict == Verdict::kLeak && through_part && !is_foreign(group.site, options) &&
      analyze::lockstep(timeline, root.sum, group.sum) != analyze::Lockstep::kNone) {
    return constructs(recording, names, whole, group.site) ? Relation::kHolder : Relation::kPart;
  }
  if (container && through_part) {
    // A library that calls the user's code keeps something of its own beside; the leak stays the
    // user's. So it does beside what chance or node's pools add.
    const bool library = (is_foreign(group.site, options) && !is_foreign(root.site, options)) ||
                         is_beside_library(recording, names, options, whole, part);
    const bool chance = !recording.jit_map.empty() && is_by_chance(group);
    return library || chance ? Relation::kPart : Relation::kHolder;
  }
  return Relation::kNone;
}

bool is_beside(const Timeline& timeline, const Candidate& whole, const Candidate& part) {
  // A tuple of three, a number, a text of twenty letters.
  constexpr double kSmallObject = 72;
  const symbolize::FrameKind kind = whole.group.site.kind;
  if (!boxes_values(kind) || part.group.site.kind != kind) return false;
  const Judgement& judgement = part.group.judgement;
  const double all = whole.group.judgement.growth_bytes;
  if (part.group.verdict() != Verdict::kLeak || judgement.growth_bytes >= all) return false;
  const bool small = judgement.growth_bytes <= kSmallObject * judgement.growth_blocks;
  const bool calls = whole.functions.count(function_hash(part.group.site)) > 0 &&
                     part.group.site.function != find_runtime(kind)->file_code;
  // The list or dict that the thing is put into, by another line of a function that makes it.
  if (calls && is_container_of(part.group, whole.group)) return true;
  return (small || calls) && analyze::in_step(timeline, whole.group.sum, part.group.sum);
}

}  // namespace silt::report
