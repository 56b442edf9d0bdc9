// SPDX-License-Identifier: Apache-2.0
//
// The whole of what was mapped: resident bytes are the sum that is judged. Allocators inside
// programs and runtimes show here, in pieces too few and too large for a verdict by blocks.

#include <algorithm>
#include <optional>
#include <string>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/findings/inner_allocator.h"
#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/findings/whole_sums.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Curve;
using analyze::Judgement;
using analyze::WholeFloor;
using read::Heap;

// Growth below this is not spoken of.
constexpr WholeFloor kFloor{1024 * 1024, 0.05};
// One place is accused in place of the whole when it accounts for this share.
constexpr double kNearlyAllMapped = 0.8;
// From so many pieces on, the blocks of a mapping speak for themselves.
constexpr double kManyPieces = 20;

// What a place in a mapping claims is held against what is resident: few large pieces follow a line
// for long when the memory in them has stopped growing.
void hold_mappings(const Judgement& whole, double mapped, std::vector<Group>& groups) {
  const Verdict resident = whole.verdict();
  if (resident != Verdict::kBounded && resident != Verdict::kSawtooth) return;
  for (Group& group : groups) {
    Judgement& own = group.judgement;
    if (group.heap != Heap::kMapping || !rises(group)) continue;
    if (own.growth_blocks >= kManyPieces || own.growth_bytes < kExplains * mapped) continue;
    // Judged by what is resident of it; how much it mapped, and how fast, stays as it is.
    own.reason = whole.reason;
    own.confidence = whole.confidence;
    group.subject = Subject::kResidentOfPlace;
    group.remarks = {{.kind = Remark::Kind::kPieces, .count = own.growth_blocks}};
  }
}

std::optional<InnerAllocator> allocator_of(const WholeInput& input, size_t stack) {
  return inner_allocator(frames_of(input.recording, input.recording.stacks[stack], input.names));
}

// Whether what these stacks mapped are pieces that the allocator cuts up, and not blocks so large
// that each has a mapping of its own.
bool are_pieces(const WholeInput& input, const InnerAllocator& inner,
                const std::vector<size_t>& stacks) {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  for (const size_t stack : stacks) {
    const auto& samples = input.recording.stacks[stack].samples;
    if (samples.empty()) continue;
    blocks += samples.back().live_blocks;
    bytes += samples.back().live_bytes;
  }
  return inner.piece_bytes != 0 && bytes <= blocks * inner.piece_bytes;
}

// Who hands out what this place mapped. What is larger than a piece has a mapping of its own, which
// a function of the runtime's language has asked for.
std::optional<InnerAllocator> allocator_behind(const WholeInput& input, const Lead& lead) {
  auto inner = allocator_of(input, lead.stacks.front());
  const bool named = lead.site.kind != symbolize::FrameKind::kNative;
  if (inner && inner->piece_bytes != 0 && named && !are_pieces(input, *inner, lead.stacks)) {
    return std::nullopt;
  }
  return inner;
}

// Whether it is chance that this place of the runtime's language needed the pieces.
bool is_chance(const WholeInput& input, const InnerAllocator& inner, const Group& group) {
  if (group.heap != Heap::kMapping || group.site.kind == symbolize::FrameKind::kNative ||
      group.stacks.empty() || !are_pieces(input, inner, group.stacks)) {
    return false;
  }
  const auto own = allocator_of(input, group.stacks.front());
  return own && own->name == inner.name;
}

// One finding of a runtime whose allocator hands out what grows: its pieces, and the containers
// that the runtime grows beside them, have no other site than the runtime's own code.
struct Joined {
  std::vector<read::StackId> stacks;
  double beside = 0;  // bytes of containers
};
Joined join_runtime(const WholeInput& input, const InnerAllocator& inner, const std::string& module,
                    std::vector<Group>& groups) {
  Joined joined;
  for (Group& group : groups) {
    if (!rises(group)) continue;
    if (group.heap != Heap::kMapping && group.heap != Heap::kNative) continue;
    const bool own =
        group.site.kind == symbolize::FrameKind::kNative && group.site.module == module;
    if (!own && !is_chance(input, inner, group)) continue;
    if (group.heap == Heap::kNative) joined.beside += group.judgement.growth_bytes;
    for (const size_t stack : group.stacks) {
      joined.stacks.push_back(input.recording.stacks[stack].id);
    }
    group.stacks.clear();
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(),
                              [](const Group& group) { return group.stacks.empty(); }),
               groups.end());
  return joined;
}

Group resident_group(const WholeInput& input, const Curve& curve, const Lead& lead,
                     const Judgement& judgement) {
  Group group;
  group.stacks = lead.stacks;
  group.site = lead.site;
  group.heap = Heap::kMapping;
  group.judgement = judgement;
  group.subject = Subject::kResidentMappings;
  group.sum.bytes.assign(input.recording.snapshots.size(), 0);
  for (size_t i = 0; i < group.sum.bytes.size(); ++i) {
    const auto parts = memory_parts(input.recording.snapshots[i]);
    group.sum.bytes[i] = parts ? static_cast<double>(parts->mappings) : curve.values.back();
  }
  return group;
}

}  // namespace

// Mappings: what is resident of them is the sum, how much was mapped says whether it has an end.
void judge_mappings(const WholeInput& input, std::vector<Group>& groups, Wholes& wholes) {
  const Curve curve = curve_of(input.timeline, [&](size_t snapshot) -> std::optional<double> {
    const auto parts = memory_parts(input.recording.snapshots[snapshot]);
    return parts ? std::optional(static_cast<double>(parts->mappings)) : std::nullopt;
  });
  const Curve mapped = curve_of(input.timeline, [&](size_t snapshot) -> std::optional<double> {
    return static_cast<double>(input.recording.snapshots[snapshot].meta.mapping.live_bytes -
                               input.own_heap_mappings[snapshot]);
  });
  tell_smallest(wholes, curve, kFloor);
  const Judgement judgement = analyze::judge_whole(curve, kFloor);
  hold_mappings(judgement, rise_of(mapped, 0), groups);
  if (!rises(judgement.verdict())) return;
  const double rise = rise_of(curve, judgement.warm_up_windows);
  const bool reserved = rise_of(mapped, 0) < kExplains * rise;
  const std::vector<Lead> leads =
      find_leads(input, Heap::kMapping, [reserved](const StackSummary& s) -> double {
        return reserved ? s.last_bytes : s.growth_bytes;
      });
  const std::optional<InnerAllocator> inner =
      leads.empty() ? std::nullopt : allocator_behind(input, leads.front());
  const std::string module = leads.empty() ? "" : leads.front().site.module;
  if (inner && inner->managed) {
    // Judged by what lives in it.
    if (!input.recording.class_census.looks.empty() ||
        input.recording.runtime_of_heaps() == "jvm") {
      return;
    }
    wholes.notes.push_back(inner->name + " has " + format_bytes(curve.values.back()) +
                           " resident, " + format_bytes(rise) +
                           " more than at first: it collects and bounds its own heap, into which "
                           "silt does not look");
    return;
  }
  const bool runtime = inner && !inner->runtime.empty();
  const bool named = !leads.empty() && leads.front().site.kind != symbolize::FrameKind::kNative &&
                     !(inner && inner->piece_bytes != 0);
  if ((!runtime || named) &&
      explained_by(input, groups, Heap::kMapping) >= kExplains * rise_of(mapped, 0) && !reserved) {
    return;
  }
  const double all = bytes_of(leads);
  // In runtimes the one who happens to need the next piece says nothing; in a program's own
  // allocator the caller is the user's code.
  if (!reserved && !runtime && !leads.empty() && leads.front().bytes >= kNearlyAllMapped * all) {
    const Lead& lead = leads.front();
    const std::string key = site_key(lead.site);
    groups.erase(std::remove_if(groups.begin(), groups.end(),
                                [&](const Group& group) {
                                  return group.heap == Heap::kMapping &&
                                         site_key(group.site) == key;
                                }),
                 groups.end());
    groups.push_back(resident_group(input, curve, lead, judgement));
    groups.back().remarks = {{.kind = Remark::Kind::kAskedForHere,
                              .share = lead.bytes / all,
                              .name = inner ? inner->name : ""}};
    return;
  }
  std::vector<Remark> remarks;
  if (reserved) {
    remarks.push_back({.kind = Remark::Kind::kReserved,
                       .ground = Ground::kReserved,
                       .bytes = mapped.values.back()});
  }
  if (inner) {
    remarks.push_back(
        {.kind = Remark::Kind::kHandedOutBy, .name = inner->name, .setting = inner->setting});
  } else if (!leads.empty()) {
    remarks.push_back({.kind = reserved ? Remark::Kind::kMappedBy : Remark::Kind::kNoPlace,
                       .leads = shares_of(leads)});
  }
  Joined joined;
  if (runtime) joined = join_runtime(input, *inner, module, groups);
  if (joined.beside > 0) {
    remarks.push_back({.kind = Remark::Kind::kContainers, .bytes = joined.beside});
  }
  const bool python = runtime && inner->runtime == "python";
  Finding finding =
      finding_of(input, python ? "python" : "mapping", Heap::kMapping, Subject::kResidentMappings,
                 curve, judgement, leads, std::move(remarks));
  finding.stacks = std::move(joined.stacks);
  wholes.findings.push_back(std::move(finding));
}

}  // namespace silt::report
