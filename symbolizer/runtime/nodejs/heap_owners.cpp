// SPDX-License-Identifier: Apache-2.0
//
// A finding names a function that allocates, from samples; a heap names a variable that keeps, from
// a count of all objects. They are joined in two ways only, and otherwise both are told unjoined:
//
//   by amount   What came in the heap and is not kept by the largest owner is known. Where a
//   finding
//               is larger than that, the rest of it is this owner's, whatever it consists of.
//   by class    The function allocates objects of a class whose constructor it is, and nearly all
//   of
//               that class that came are one owner's.

#include "symbolizer/runtime/nodejs/heap_owners.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/site.h"

namespace silt::runtime::nodejs {
namespace {

using read::GrownKind;
using read::HeapGrowth;
using read::HeapHolder;
using report::Finding;
using report::OwnerLine;
using report::Report;
using report::StackLine;

// The least share of a finding that must be one owner's. What a finding grew by is an estimate: if
// it is half too large, it is still seven tenths.
constexpr double kCertain = 0.8;
// The part of the judged time that must lie between the two looks.
constexpr double kCovered = 0.5;
constexpr size_t kMostEntries = 2;

// All that came in a heap, where it is kept: places that shrank do not count against it.
double came_in(const HeapGrowth& heap) {
  double bytes = static_cast<double>(heap.more_bytes);
  for (const HeapHolder& holder : heap.holders) bytes += static_cast<double>(holder.bytes);
  return bytes;
}

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

// A path of the file that a script's name or place means.
std::string_view path_of(std::string_view place) {
  constexpr std::string_view kScheme = "file://";
  if (place.starts_with(kScheme)) place.remove_prefix(kScheme.size());
  return place;
}

// Where the code of a frame ran, as a heap says it: "/srv/app.js:12". A heap knows no source maps.
std::string ran_at(const symbolize::Frame& frame) {
  if (frame.generated.empty()) return frame.file + ":" + std::to_string(frame.line);
  return frame.generated.substr(0, frame.generated.rfind(':'));  // without the column
}

// The places of a finding's functions from the innermost to its site.
std::set<std::string> own_places(
    const Finding& finding, const std::unordered_map<read::StackId, const StackLine*>& stacks) {
  std::set<std::string> places{std::string(path_of(ran_at(finding.site)))};
  for (const read::StackId id : finding.stacks) {
    const auto at = stacks.find(id);
    if (at == stacks.end() || at->second->frames.empty()) continue;
    const auto& frames = at->second->frames;
    const size_t site = report::find_site(frames);
    for (size_t i = 0; i <= site; ++i) places.emplace(path_of(ran_at(frames[i])));
  }
  return places;
}

// The snapshots of the recording between the two looks; those that came along with a look are gone.
struct Span {
  const read::Snapshot* first = nullptr;
  const read::Snapshot* last = nullptr;
};
Span span_of(const read::Recording& recording, const HeapGrowth& heap) {
  Span span;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    const uint32_t number = snapshot.meta.sequence;
    if (number < heap.first.snapshot || number > heap.last.snapshot) continue;
    if (span.first == nullptr) span.first = &snapshot;
    span.last = &snapshot;
  }
  return span;
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

// How much longer a recording was judged than it was looked at; nothing where that is too long.
std::optional<double> longer(const read::Recording& recording, const HeapGrowth& heap,
                             const Report& report) {
  const Span span = span_of(recording, heap);
  if (span.first == nullptr) return std::nullopt;
  const double seconds =
      static_cast<double>(span.last->meta.elapsed_ns - span.first->meta.elapsed_ns) / 1e9;
  if (seconds < kCovered * report.judged_seconds) return std::nullopt;
  return seconds > 0 ? std::max(1., report.judged_seconds / seconds) : 1;
}

class Joining {
 public:
  // `longer`: of all heaps of the process, where all were looked at.
  Joining(const std::vector<HeapGrowth>& heaps, std::optional<double> longer)
      : heaps_(heaps), longer_(longer) {
    for (const HeapGrowth& heap : heaps) {
      came_ += came_in(heap);
      for (const HeapHolder& holder : heap.holders) {
        if (largest_ == nullptr || holder.bytes > largest_->bytes) largest_ = &holder;
      }
    }
  }

  std::vector<OwnerLine> owners_of(const Finding& finding,
                                   const std::set<std::string>& places) const {
    if (largest_ == nullptr) return {};
    if (auto owner = by_amount(finding); owner) return {std::move(*owner)};
    if (auto owner = by_class(places); owner) return {std::move(*owner)};
    return {};
  }

 private:
  std::optional<OwnerLine> by_amount(const Finding& finding) const {
    if (!longer_ || finding.growth_bytes <= 0) return std::nullopt;
    const double elsewhere = *longer_ * (came_ - static_cast<double>(largest_->bytes));
    const double share = 1 - elsewhere / static_cast<double>(finding.growth_bytes);
    if (share < kCertain) return std::nullopt;
    OwnerLine owner = owner_of(*largest_);
    owner.share = share;
    return owner;
  }

  std::optional<OwnerLine> by_class(const std::set<std::string>& places) const {
    double all = 0;
    double most = 0;
    const HeapHolder* best = nullptr;
    for (const HeapGrowth& heap : heaps_) {
      for (const HeapHolder& holder : heap.holders) {
        double own = 0;
        for (const GrownKind& kind : holder.kinds) {
          // A function that came is kept by somebody, but not made by itself.
          const bool is_function = kind.name.ends_with("()") || kind.name == "(anonymous)";
          if (kind.place.empty() || is_function) continue;
          if (places.count(std::string(path_of(kind.place))) > 0) {
            own += static_cast<double>(kind.objects);
          }
        }
        all += own;
        if (own > most) {
          most = own;
          best = &holder;
        }
      }
    }
    if (best == nullptr || most < kCertain * all) return std::nullopt;
    OwnerLine owner = owner_of(*best);
    owner.share = most / all;
    return owner;
  }

  const std::vector<HeapGrowth>& heaps_;
  const std::optional<double> longer_;
  double came_ = 0;
  const HeapHolder* largest_ = nullptr;
};

// Whether every heap that grew where the recording was judged was looked at.
bool knows_all_heaps(const read::Recording& recording, const std::vector<HeapGrowth>& heaps) {
  const auto& last = recording.snapshots.back().managed_heaps;
  return std::all_of(last.begin(), last.end(), [&](const format::ManagedHeapEntry& heap) {
    return std::any_of(heaps.begin(), heaps.end(),
                       [&](const HeapGrowth& growth) { return growth.thread == heap.thread_id; });
  });
}

}  // namespace

void add_heap_owners(const read::Recording& recording, Report& report) {
  std::vector<HeapGrowth> heaps = recording.heap_growth;
  std::erase_if(heaps, [](const HeapGrowth& heap) { return !heap.why_not.empty(); });
  if (heaps.empty()) return;
  for (const HeapGrowth& heap : heaps)
    report.heap_growth.push_back(line_of(recording, heap, report.pid));
  std::unordered_map<read::StackId, const StackLine*> stacks;
  for (const StackLine& stack : report.stacks) stacks.try_emplace(stack.id, &stack);
  std::optional<double> longest;
  if (knows_all_heaps(recording, heaps)) {
    longest = 1;
    for (const HeapGrowth& heap : heaps) {
      const auto one = longer(recording, heap, report);
      longest = one && longest ? std::optional<double>(std::max(*one, *longest)) : std::nullopt;
    }
  }
  const Joining joining(heaps, longest);
  for (Finding& finding : report.findings) {
    if (finding.heap != read::Heap::kManaged || !report::rises(finding.verdict)) continue;
    if (finding.whole.empty()) {
      finding.owners = joining.owners_of(finding, own_places(finding, stacks));
      continue;
    }
    if (finding.whole != "js") continue;
    for (const report::HeapGrowthLine& line : report.heap_growth) {
      if (line.thread == finding.why.thread) finding.owners = line.owners;
    }
  }
}

}  // namespace silt::runtime::nodejs
