// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/keepers.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

#include "symbolizer/report/site.h"

namespace silt::runtime::nodejs {
namespace {

using read::GrownKind;
using read::HeapGrowth;
using read::HeapHolder;
using read::HolderStep;

// The least share of a place that must be one owner's. What a place grew by is an estimate: if it
// is half too large, it is still seven tenths.
constexpr double kCertain = 0.8;
// The least share of a place that can be no single other owner's, where it is taken to be the
// largest's; of a growth that is smaller than estimated by two standard errors.
constexpr double kNotAnothers = 1. / 3;
constexpr double kStandardErrors = 2;
// Two containers hold the same things if they took in as many, but for so many of them.
constexpr double kAsMany = 0.05;
// Things that two containers have by chance as many of are fewer.
constexpr uint64_t kFewestThings = 20;
// The part of the judged time that must lie between the two looks.
constexpr double kCovered = 0.5;

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

// A class of the program's own, by which its objects can be told from others: neither the
// language's own nor what V8 has no class for ("(array)", "closure variables").
bool is_telling_class(std::string_view name) {
  constexpr std::array<std::string_view, 6> kEverybodys = {"Array", "Map",     "Object",
                                                           "Set",   "WeakMap", "WeakSet"};
  return !name.empty() && std::isupper(static_cast<unsigned char>(name.front())) != 0 &&
         std::find(kEverybodys.begin(), kEverybodys.end(), name) == kEverybodys.end();
}

bool is_same_property(const HeapHolder& a, const HeapHolder& b) {
  if (a.path.size() < 2 || b.path.size() < 2 || a.inside != b.inside) return false;
  const HolderStep& property = a.path.back();
  const HolderStep& other = b.path.back();
  const std::string& owner = a.path[a.path.size() - 2].what;
  return !property.label.empty() && property.label == other.label && property.what == other.what &&
         owner == b.path[b.path.size() - 2].what && is_telling_class(owner);
}

uint64_t things_in(const HeapHolder& holder) {
  uint64_t most = 0;
  for (const GrownKind& kind : holder.entries) most = std::max(most, kind.objects);
  return most;
}

// Whether two properties of one object took in the same things: an index beside a list, say.
bool hold_the_same(const HeapHolder& a, const HeapHolder& b) {
  if (a.path.size() < 2 || a.path.size() != b.path.size() || a.alike != 1 || b.alike != 1) {
    return false;
  }
  const auto is_same_step = [](const HolderStep& one, const HolderStep& other) {
    return one.label == other.label && one.what == other.what && one.place == other.place;
  };
  // The last but one is the object; a scope is none.
  const HolderStep& object = a.path[a.path.size() - 2];
  if (!std::equal(a.path.begin(), a.path.end() - 1, b.path.begin(), is_same_step) ||
      a.path.back().label.empty() || a.path.back().label == b.path.back().label ||
      object.what.find(' ') != std::string::npos) {
    return false;
  }
  const auto things = static_cast<double>(things_in(a));
  const auto others = static_cast<double>(things_in(b));
  return things_in(a) >= kFewestThings &&
         std::abs(things - others) <= kAsMany * std::max(things, others);
}

// "job.em" of "job.em.rows": the object whose properties they are keeps both.
void become_object(HeapHolder& holder, const std::string& other) {
  const HolderStep property = holder.path.back();
  const size_t dot = holder.name.rfind('.');
  if (dot != std::string::npos && holder.name.substr(dot + 1) == property.label) {
    holder.name.resize(dot);
  }
  holder.path.pop_back();
  holder.what = holder.path.back().what;
  holder.inside = {property.label + " and " + other};
}

void add_up(const std::vector<GrownKind>& from, std::vector<GrownKind>& to) {
  for (const GrownKind& kind : from) {
    const auto same = std::find_if(to.begin(), to.end(), [&kind](const GrownKind& other) {
      return other.name == kind.name && other.place == kind.place;
    });
    if (same == to.end()) {
      to.push_back(kind);
    } else {
      same->objects += kind.objects;
      same->bytes += kind.bytes;
    }
  }
  std::stable_sort(to.begin(), to.end(),
                   [](const GrownKind& a, const GrownKind& b) { return a.bytes > b.bytes; });
}

// Holders are largest first, and so are those that are made of several.
void put_together(std::vector<HeapHolder>& holders) {
  std::vector<HeapHolder> together;
  for (HeapHolder& holder : holders) {
    auto same = std::find_if(together.begin(), together.end(), [&holder](const HeapHolder& other) {
      return is_same_property(other, holder);
    });
    if (same == together.end()) {
      same = std::find_if(together.begin(), together.end(), [&holder](const HeapHolder& other) {
        return hold_the_same(other, holder);
      });
      if (same == together.end()) {
        together.push_back(std::move(holder));
        continue;
      }
      become_object(*same, holder.path.back().label);
      holder.alike = 0;  // it is the same object
    }
    same->bytes += holder.bytes;
    same->objects += holder.objects;
    same->alike += holder.alike;
    same->retained_first += holder.retained_first;
    same->retained_last += holder.retained_last;
    add_up(holder.entries, same->entries);
    add_up(holder.kinds, same->kinds);
  }
  std::stable_sort(together.begin(), together.end(),
                   [](const HeapHolder& a, const HeapHolder& b) { return a.bytes > b.bytes; });
  holders = std::move(together);
}

// Whether every heap that was there at the end was looked at.
bool knows_all_heaps(const read::Recording& recording, const std::vector<HeapGrowth>& heaps) {
  const auto& last = recording.snapshots.back().managed_heaps;
  return std::all_of(last.begin(), last.end(), [&](const format::ManagedHeapEntry& heap) {
    return std::any_of(heaps.begin(), heaps.end(),
                       [&](const HeapGrowth& growth) { return growth.thread == heap.thread_id; });
  });
}

std::optional<double> longer_than(const read::Recording& recording, const HeapGrowth& heap,
                                  double judged_seconds) {
  const Span span = span_of(recording, heap);
  if (span.first == nullptr) return std::nullopt;
  const double seconds =
      static_cast<double>(span.last->meta.elapsed_ns - span.first->meta.elapsed_ns) / 1e9;
  if (seconds < kCovered * judged_seconds) return std::nullopt;
  return seconds > 0 ? std::max(1., judged_seconds / seconds) : 1;
}

}  // namespace

void add_function(const symbolize::Frame& site, GrownPlace& place) {
  place.functions.emplace(path_of(ran_at(site)));
}

void add_functions(const symbolize::FrameList& frames, GrownPlace& place) {
  if (frames.empty()) return;
  const size_t site = report::find_site(frames);
  for (size_t i = 0; i <= site; ++i) add_function(frames[i], place);
}

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

double came_in(const HeapGrowth& heap) {
  double bytes = static_cast<double>(heap.more_bytes);
  for (const HeapHolder& holder : heap.holders) bytes += static_cast<double>(holder.bytes);
  return bytes;
}

Keepers::Keepers(const read::Recording& recording, double judged_seconds)
    : heaps_(recording.heap_growth) {
  std::erase_if(heaps_, [](const HeapGrowth& heap) { return !heap.why_not.empty(); });
  if (heaps_.empty()) return;
  if (knows_all_heaps(recording, heaps_)) longer_ = 1;
  for (HeapGrowth& heap : heaps_) {
    put_together(heap.holders);
    const auto longer = longer_than(recording, heap, judged_seconds);
    longer_ = longer && longer_ ? std::optional<double>(std::max(*longer, *longer_)) : std::nullopt;
    came_ += came_in(heap);
    for (const HeapHolder& holder : heap.holders) {
      if (largest_ == nullptr || holder.bytes > largest_->bytes) {
        if (largest_ != nullptr) next_ = static_cast<double>(largest_->bytes);
        largest_ = &holder;
      } else {
        next_ = std::max(next_, static_cast<double>(holder.bytes));
      }
    }
  }
}

std::optional<Keeper> Keepers::of(const GrownPlace& place) const {
  if (largest_ == nullptr) return std::nullopt;
  if (const auto keeper = by_amount(place)) return keeper;
  if (const auto keeper = by_class(place)) return keeper;
  return by_exclusion(place);
}

std::optional<Keeper> Keepers::of_buffers(double growth_bytes) const {
  if (!longer_ || growth_bytes <= 0) return std::nullopt;
  double all = 0;
  Keeper keeper;
  for (const HeapGrowth& heap : heaps_) {
    for (const HeapHolder& holder : heap.holders) {
      double bytes = 0;
      for (const GrownKind& kind : holder.kinds) {
        if (kind.name == "system / JSArrayBufferData") bytes += static_cast<double>(kind.bytes);
      }
      all += bytes;
      if (bytes > keeper.share) keeper = {&holder, bytes};
    }
  }
  // So much came there, and too little elsewhere to be a fifth of it.
  const double elsewhere = *longer_ * (all - keeper.share);
  const double share = std::min(*longer_ * keeper.share, growth_bytes - elsewhere) / growth_bytes;
  if (keeper.holder == nullptr || share < kCertain) return std::nullopt;
  keeper.share = std::min(1., share);
  return keeper;
}

std::optional<Keeper> Keepers::by_amount(const GrownPlace& place) const {
  if (!longer_ || place.growth_bytes <= 0) return std::nullopt;
  const double elsewhere = *longer_ * (came_ - static_cast<double>(largest_->bytes));
  const double share = 1 - elsewhere / place.growth_bytes;
  if (share < kCertain) return std::nullopt;
  return Keeper{largest_, share};
}

std::optional<Keeper> Keepers::by_exclusion(const GrownPlace& place) const {
  if (!longer_) return std::nullopt;
  const double least = place.growth_bytes * (1 - kStandardErrors * place.error);
  const double largest = *longer_ * static_cast<double>(largest_->bytes);
  if (least <= 0 || largest < place.growth_bytes) return std::nullopt;
  if (1 - *longer_ * next_ / least < kNotAnothers) return std::nullopt;
  return Keeper{largest_, 1 - *longer_ * next_ / place.growth_bytes};
}

std::optional<Keeper> Keepers::by_class(const GrownPlace& place) const {
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
        if (place.functions.count(std::string(path_of(kind.place))) > 0) {
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
  return Keeper{best, most / all};
}

}  // namespace silt::runtime::nodejs
