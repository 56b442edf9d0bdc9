// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/heap_owners.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/findings/managed_heap.h"
#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/runtime/nodejs/callerless.h"
#include "symbolizer/runtime/nodejs/keepers.h"
#include "symbolizer/runtime/nodejs/native_memory.h"

namespace silt::runtime::nodejs {
namespace {

using read::GrownKind;
using read::HeapGrowth;
using read::HeapHolder;
using report::Finding;
using report::Group;
using report::OwnerLine;
using report::Remark;
using report::Report;
using report::StackLine;

constexpr size_t kMostEntries = 2;

std::string step_text(const read::HolderStep& step) {
  std::string text = step.label.empty() || step.label == step.what
                         ? step.what
                         : step.label + " (" + step.what + ")";
  if (step.repeats > 1) text += " × " + format_count(static_cast<double>(step.repeats));
  if (!step.place.empty()) text += "  " + step.place;
  return text;
}

uint64_t most_objects(const std::vector<GrownKind>& kinds) {
  uint64_t most = 0;
  for (const GrownKind& kind : kinds) most = std::max(most, kind.objects);
  return most;
}

// What came directly below; of a list, whose nodes each hang on the one before, all that came.
const std::vector<GrownKind>& entries_of(const HeapHolder& holder) {
  constexpr uint64_t kList = 10;
  const bool is_list = kList * most_objects(holder.entries) < most_objects(holder.kinds);
  return is_list ? holder.kinds : holder.entries;
}

OwnerLine owner_of(const HeapHolder& holder) {
  OwnerLine owner;
  owner.kind = "js_object";
  owner.name = holder.name;
  owner.what = holder.what;
  owner.place = holder.place;
  owner.alike = std::max<uint64_t>(1, holder.alike);
  owner.blocks = holder.objects;
  owner.bytes = holder.bytes;
  owner.path = holder.inside;
  std::string entries;
  size_t shown = 0;
  for (const GrownKind& kind : entries_of(holder)) {
    if (kind.objects == 0 || kind.name.starts_with('(')) continue;
    if (shown++ == kMostEntries) {
      entries += ", …";
      break;
    }
    entries += (entries.empty() ? "+" : ", +") + format_count(static_cast<double>(kind.objects)) +
               " " + kind.name;
  }
  if (!entries.empty()) owner.path.push_back(std::move(entries));
  for (const read::HolderStep& step : holder.path) owner.way.push_back(step_text(step));
  return owner;
}

report::HeapGrowthLine line_of(const read::Recording& recording, const HeapGrowth& heap,
                               uint32_t pid) {
  report::HeapGrowthLine line;
  line.pid = pid;
  line.thread = heap.thread;
  const Span span = span_of(recording, heap);
  line.first_snapshot = span.first == nullptr ? heap.first.snapshot : span.first->meta.sequence;
  line.last_snapshot = span.last == nullptr ? heap.last.snapshot : span.last->meta.sequence;
  line.first_bytes = heap.first.bytes;
  line.last_bytes = heap.last.bytes;
  line.growth_bytes = heap.bytes;
  line.growth_objects = heap.objects;
  line.least_bytes = heap.least_bytes;
  const double came = came_in(heap);
  for (const HeapHolder& holder : heap.holders) {
    OwnerLine owner = owner_of(holder);
    owner.share = came > 0 ? static_cast<double>(holder.bytes) / came : 0;
    line.owners.push_back(std::move(owner));
  }
  return line;
}

// As a finding's owner, and as a name for it.
OwnerLine owner_line(const Keeper& keeper) {
  OwnerLine owner = owner_of(*keeper.holder);
  owner.share = keeper.share;
  return owner;
}
std::string name_of(const HeapHolder& holder) {
  return holder.name.empty() ? holder.what : holder.name;
}

bool are_buffers(read::Heap heap, const std::string& what) {
  return heap == read::Heap::kNative && what == kBuffers;
}

// The standard error of so few samples (16) that a curve drawn through them says little.
constexpr double kFewSamples = 0.25;

// Of its growth, as a share.
double error_of(const Group& group) {
  const analyze::Series& sum = group.sum;
  if (sum.samples <= 0 || sum.sampled_bytes <= 0) return 0;
  const double samples = group.judgement.growth_bytes * sum.samples / sum.sampled_bytes;
  return 1 / std::sqrt(std::max(1., samples));
}

// A place in somebody's own code says more than one in a package, even where that makes more of it;
// one of node's says nothing where there is another.
bool is_better_site(const Group& group, const Group& other) {
  constexpr double kOwnCode = 5;
  if (is_callerless(group) != is_callerless(other)) return is_callerless(other);
  const auto worth = [](const Group& one) {
    const bool own = report::origin_of(one.site) == report::Origin::kUser;
    return one.judgement.growth_bytes * (own ? kOwnCode : 1);
  };
  return worth(group) > worth(other);
}

// Groups may be joined more than once: a heap as a whole may accuse a place later.
bool is_counted_elsewhere(const Group& group) {
  return std::any_of(group.remarks.begin(), group.remarks.end(), [](const Remark& remark) {
    return remark.kind == Remark::Kind::kCountedElsewhere;
  });
}

// The leak is the larger's, whose site it is. It is as sure as the surest of its parts.
void take_in(const HeapHolder& holder, Group& whole, Group& part) {
  if (part.verdict() == report::Verdict::kLeak) {
    whole.judgement.confidence = std::max(whole.judgement.confidence, part.judgement.confidence);
  }
  whole.remarks.push_back({.kind = Remark::Kind::kOneOwner,
                           .bytes = part.judgement.growth_bytes,
                           .name = name_of(holder),
                           .place = part.site});
  report::absorb(whole, part);
}

}  // namespace

void join_by_keepers(const report::Settling& input, std::vector<Group>& groups) {
  const Keepers keepers(input.recording, input.timeline.length_seconds);
  if (keepers.heaps().empty()) return;
  std::unordered_map<const HeapHolder*, Group*> largest;
  std::vector<std::pair<Group*, const HeapHolder*>> kept;
  std::vector<Group*> unsure;
  for (Group& group : groups) {
    const bool buffers = are_buffers(group.heap, group.what);
    if (!(buffers || group.heap == read::Heap::kManaged) || group.stacks.empty() || !rises(group)) {
      continue;
    }
    GrownPlace place{group.judgement.growth_bytes, error_of(group), {}};
    add_function(group.site, place);
    for (const size_t stack : group.stacks) {
      const read::Stack& one = input.recording.stacks[stack];
      add_functions(report::frames_of(input.recording, one, input.names), place);
    }
    const auto keeper = buffers ? keepers.of_buffers(place.growth_bytes) : keepers.of(place);
    if (!keeper) {
      if (!buffers && place.error >= kFewSamples) unsure.push_back(&group);
      continue;
    }
    kept.emplace_back(&group, keeper->holder);
    Group*& most = largest[keeper->holder];
    const auto leaks = [](const Group& one) { return one.verdict() == report::Verdict::kLeak; };
    if (most == nullptr || (leaks(group) && !leaks(*most)) ||
        (leaks(group) == leaks(*most) && is_better_site(group, *most))) {
      most = &group;
    }
  }
  // A count is more than a few samples, where a leak explains it.
  const auto keeper = keepers.of_nearly_all();
  const auto leak = keeper ? largest.find(keeper->holder) : largest.end();
  if (leak != largest.end() && leak->second->verdict() == report::Verdict::kLeak) {
    for (Group* const group : unsure) {
      if (is_counted_elsewhere(*group)) continue;
      group->remarks.push_back({.kind = Remark::Kind::kCountedElsewhere,
                                .ground = report::Ground::kFewAndSmall,
                                .share = keeper->share,
                                .name = name_of(*keeper->holder)});
    }
  }
  for (const auto& [group, holder] : kept) {
    Group* whole = largest[holder];
    if (whole != group && whole->verdict() == report::Verdict::kLeak) {
      take_in(*holder, *whole, *group);
    }
  }
  std::erase_if(groups, [](const Group& group) { return group.stacks.empty(); });
}

void add_heap_owners(const read::Recording& recording, Report& report) {
  const Keepers keepers(recording, report.judged_seconds);
  if (keepers.heaps().empty()) return;
  for (const HeapGrowth& heap : keepers.heaps()) {
    report.heap_growth.push_back(line_of(recording, heap, report.pid));
  }
  std::unordered_map<read::StackId, const StackLine*> stacks;
  for (const StackLine& stack : report.stacks) stacks.try_emplace(stack.id, &stack);
  for (Finding& finding : report.findings) {
    if (!report::rises(finding.verdict)) continue;
    if (are_buffers(finding.heap, finding.what)) {
      const auto keeper = keepers.of_buffers(static_cast<double>(finding.growth_bytes));
      if (!keeper) continue;
      // That the heap keeps them is said more exactly.
      std::erase_if(finding.owners, [](const OwnerLine& owner) { return owner.kind == "js"; });
      finding.owners.insert(finding.owners.begin(), owner_line(*keeper));
      continue;
    }
    if (finding.heap != read::Heap::kManaged) continue;
    if (finding.whole.empty()) {
      GrownPlace place{static_cast<double>(finding.growth_bytes), finding.sampling_error, {}};
      add_function(finding.site, place);
      for (const read::StackId id : finding.stacks) {
        if (const auto at = stacks.find(id); at != stacks.end()) {
          add_functions(at->second->frames, place);
        }
      }
      if (const auto keeper = keepers.of(place)) finding.owners = {owner_line(*keeper)};
      continue;
    }
    if (finding.whole != "js") continue;
    for (const report::HeapGrowthLine& line : report.heap_growth) {
      if (line.thread == finding.why.thread) finding.owners = line.owners;
    }
  }
}

}  // namespace silt::runtime::nodejs
