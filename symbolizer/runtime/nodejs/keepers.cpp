// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/keepers.h"

#include <algorithm>
#include <string_view>

#include "symbolizer/report/site.h"
#include "symbolizer/runtime/nodejs/one_holder.h"

namespace silt::runtime::nodejs {
namespace {

using read::GrownKind;
using read::HeapGrowth;
using read::HeapHolder;

// The least share of a place that must be one owner's. What a place grew by is an estimate: if it
// is half too large, it is still seven tenths.
constexpr double kCertain = 0.8;
// The least share of a place that can be no single other owner's, where it is taken to be the
// largest's; of a growth that is smaller than estimated by two standard errors.
constexpr double kNotAnothers = 1. / 3;
constexpr double kStandardErrors = 2;
// As a look at a heap names the memory of an ArrayBuffer (symbolizer/heap/naming.cpp).
constexpr std::string_view kBufferData = "(JSArrayBufferData)";
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

bool is_same(const HeapHolder& a, const HeapHolder& b) {
  return a.name == b.name && a.what == b.what && a.bytes == b.bytes && a.objects == b.objects;
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

std::optional<double> listed_growth(const read::Recording& recording, uint32_t thread,
                                    double judged_seconds) {
  for (const HeapGrowth& heap : recording.heap_growth) {
    if (heap.thread != thread || !heap.why_not.empty()) continue;
    const auto longer = longer_than(recording, heap, judged_seconds);
    return longer ? std::optional<double>(*longer * static_cast<double>(heap.bytes)) : std::nullopt;
  }
  return std::nullopt;
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
  apart_ = heaps_;
  for (HeapGrowth& heap : apart_) put_together(heap.holders, Alike::kProperties);
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

std::optional<Keeper> Keepers::of_nearly_all() const {
  constexpr double kNearlyAll = 0.9;
  if (largest_ == nullptr || !longer_ || came_ <= 0) return std::nullopt;
  const double share = static_cast<double>(largest_->bytes) / came_;
  return share >= kNearlyAll ? std::optional<Keeper>({largest_, share}) : std::nullopt;
}

std::optional<Keeper> Keepers::of_buffers(double growth_bytes) const {
  if (!longer_ || growth_bytes <= 0) return std::nullopt;
  double all = 0;
  Keeper keeper;
  for (const HeapGrowth& heap : apart_) {
    for (const HeapHolder& holder : heap.holders) {
      double bytes = 0;
      for (const GrownKind& kind : holder.kinds) {
        if (kind.name == kBufferData) bytes += static_cast<double>(kind.bytes);
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
  for (const HeapGrowth& heap : heaps_) {
    for (const HeapHolder& holder : heap.holders) {
      if (is_same(holder, *keeper.holder)) keeper.holder = &holder;
    }
  }
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
