// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/jvm/java_heap.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "symbolizer/report/findings/managed_heap.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/runtime/jvm/class_growth.h"
#include "symbolizer/runtime/jvm/places.h"

namespace silt::runtime::jvm {
namespace {

using analyze::Curve;
using analyze::Judgement;
using report::Finding;
using report::Group;
using report::Remark;

constexpr const char* kName = "jvm";
// Growth below this is not spoken of: see docs/java.md for what healthy programs add.
constexpr analyze::WholeFloor kJavaFloor{256 * 1024, 0.03};
// What the serial and the parallel collector leave in place of dead objects that they do not move
// away each time, before version 19: up to 5 % of a heap, up and down (docs/java.md).
constexpr std::string_view kFiller = "[I";
// What is known of the classes that came makes leaks of the heap's places less sure, too.
void tell_of_places(const std::vector<Remark>& remarks, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.heap != read::Heap::kManaged || group.verdict() != analyze::Verdict::kLeak) continue;
    for (const Remark& remark : remarks) {
      if (remark.kind != Remark::Kind::kCame) group.remarks.push_back(remark);
    }
  }
}

// What grows and that it does so. Looks at the classes come before the figure that each snapshot
// with samples has: they are exact, and tell a little more.
struct Whole {
  Curve curve;
  Judgement judgement;
  std::vector<Came> came;  // empty: nobody looked
};

Whole judge_looks(const Looks& looks) {
  Whole whole;
  whole.curve = curve_of_looks(looks, "");
  whole.judgement = analyze::judge_whole(whole.curve, kJavaFloor);
  if (whole.judgement.verdict() != analyze::Verdict::kLeak) {
    Curve moved = curve_of_looks(looks, kFiller);
    const Judgement other = analyze::judge_whole(moved, kJavaFloor);
    if (other.verdict() == analyze::Verdict::kLeak) {
      whole.judgement = other;
      whole.curve = std::move(moved);
    }
  }
  if (rises(whole.judgement.verdict())) {
    const size_t from = std::min(whole.judgement.warm_up_windows, looks.size() - 1);
    whole.came = came_between(*looks[from], *looks.back());
  }
  return whole;
}

}  // namespace

bool has_samples(const read::Recording& recording) {
  return recording.runtime_of_heaps() == "jvm" &&
         std::any_of(recording.stacks.begin(), recording.stacks.end(),
                     [](const auto& stack) { return stack.heap == read::Heap::kManaged; });
}

void settle_java(const report::Settling& input, std::vector<Group>& groups) {
  if (input.recording.runtime_of_heaps() != "jvm") return;
  const auto first_managed =
      std::stable_partition(groups.begin(), groups.end(),
                            [](const Group& group) { return group.heap != read::Heap::kManaged; });
  std::vector<Group> objects(std::make_move_iterator(first_managed),
                             std::make_move_iterator(groups.end()));
  groups.erase(first_managed, groups.end());
  std::erase_if(objects, report::is_sampling_chance);
  const std::vector<double> used =
      report::at_moments(input.recording, input.managed_timeline, report::java_used_bytes);
  report::hold_against(input.managed_timeline, used, report::Whole::kJavaHeap, objects);
  join_places(input, objects);
  for (Group& group : objects) {
    if (group.verdict() == analyze::Verdict::kSteady) continue;
    group.runtime = kName;
    groups.push_back(std::move(group));
  }
  report::order_groups(groups);
}

void judge_java_heap(const report::WholeInput& input, std::vector<Group>& groups,
                     report::Wholes& wholes) {
  const Looks looks = looks_of(input.recording);
  Whole whole = judge_looks(looks);
  const bool sampled = has_samples(input.recording);
  if (looks.empty() && sampled) {
    whole.curve = report::heap_curve(input.recording, 0);
    whole.judgement = analyze::judge_whole(whole.curve, kJavaFloor);
  }
  const Judgement& judgement = whole.judgement;
  report::tell_smallest(wholes, whole.curve, kJavaFloor);
  if (sampled) report::follow_the_heap(judgement, whole.curve, {}, groups);
  if (!rises(judgement.verdict())) return;
  std::vector<Remark> remarks = remarks_of(whole.came);
  if (sampled) tell_of_places(remarks, groups);
  const double rise = report::rise_of(whole.curve, judgement.warm_up_windows);
  if (report::explained_by(input, groups, read::Heap::kManaged) >= report::kExplains * rise) return;
  std::vector<report::Lead> leads;
  if (sampled) {
    leads = report::find_leads(input, read::Heap::kManaged,
                               [](const report::StackSummary& s) { return s.growth_bytes; });
  }
  const report::Lead* const known = report::known_place(input, leads);
  if (known != nullptr && judgement.verdict() == analyze::Verdict::kLeak) {
    Group place = report::place_of_heap(*known, judgement, report::bytes_of(leads), groups);
    place.runtime = kName;
    place.subject = report::Subject::kJavaHeap;
    report::sum_of_stacks(input.recording, place);
    groups.push_back(std::move(place));
    join_constructed(input.recording, input.names, groups);
    tell_of_places(remarks, groups);
    return;
  }
  remarks.push_back(leads.empty() ? Remark{.kind = Remark::Kind::kNoSites}
                                  : Remark{.kind = Remark::Kind::kFewSamples,
                                           .whole = report::Whole::kJavaHeap,
                                           .leads = report::shares_of(leads)});
  Finding finding = report::finding_of(input, "java", read::Heap::kJava, report::Subject::kJavaHeap,
                                       whole.curve, judgement, leads, std::move(remarks));
  finding.runtime = kName;
  finding.windows = judgement.windows;
  finding.growing_windows = judgement.growing_windows;
  finding.types = types_of(whole.came);
  wholes.findings.push_back(std::move(finding));
}

namespace {

std::vector<report::TypeLine> live_types(const std::vector<const read::Stack*>& stacks) {
  constexpr size_t kMost = 8;
  std::map<std::string, report::TypeLine> lines;
  double all = 0;
  for (const read::Stack* stack : stacks) {
    for (const read::TypeCount& type : stack->types) {
      report::TypeLine& line = lines[type.name];
      line.name = type.name;
      line.objects += type.objects;
      line.bytes += type.bytes;
      all += static_cast<double>(type.bytes);
    }
  }
  std::vector<report::TypeLine> types;
  for (auto& [name, line] : lines) {
    line.share = all > 0 ? static_cast<double>(line.bytes) / all : 0;
    types.push_back(std::move(line));
  }
  std::stable_sort(types.begin(), types.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  if (types.size() > kMost) types.resize(kMost);
  return types;
}

}  // namespace

void add_java_types(const read::Recording& recording, report::Report& report) {
  if (!has_samples(recording)) return;
  std::map<read::StackId, const read::Stack*> known;
  for (const read::Stack& stack : recording.stacks) {
    if (stack.heap == read::Heap::kManaged) known.emplace(stack.id, &stack);
  }
  const auto types_of_stacks = [&known](const std::vector<read::StackId>& ids) {
    std::vector<const read::Stack*> stacks;
    for (const read::StackId id : ids) {
      const auto at = known.find(id);
      if (at != known.end()) stacks.push_back(at->second);
    }
    return live_types(stacks);
  };
  for (Finding& finding : report.findings) {
    if (finding.heap == read::Heap::kManaged) finding.types = types_of_stacks(finding.stacks);
  }
  for (report::StackLine& stack : report.stacks) {
    if (stack.heap == read::Heap::kManaged) stack.types = types_of_stacks({stack.id});
  }
}

}  // namespace silt::runtime::jvm
