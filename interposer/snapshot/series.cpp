// SPDX-License-Identifier: Apache-2.0
//
// See series.h. Signal context.

#include "interposer/snapshot/series.h"

#include <new>

namespace silt::snapshot {
namespace {

// A base is not worth its while for the few snapshots before these.
constexpr uint32_t kFirstDistance = 8;

}  // namespace

const SeriesBase* Series::base_for(uint32_t sequence) const {
  const SeriesBase& base = bases_[now_];
  return base.there() && base.entry().sequence < sequence ? &base : nullptr;
}

uint32_t Series::base_number() const {
  return bases_[now_].there() ? bases_[now_].entry().sequence : kNone;
}

bool Series::renews(uint32_t sequence, const SeriesBase* base, const NodeNumbers& numbers) const {
  if (base == nullptr) return true;
  const uint32_t begin = base->entry().sequence;
  const uint32_t distance = begin < kFirstDistance ? kFirstDistance : begin;
  return sequence - begin >= distance ||
         uint64_t{numbers.count() - numbers.count_of_base()} * 8 > numbers.count_of_base();
}

void Series::note_base(const SeriesBase* base) {
  needed_ = base == nullptr ? kNone : base->entry().sequence;
}

void Series::settle(bool written) {
  if (!coming().there()) return;
  if (written) now_ = 1 - now_;
  coming().forget();
}

void Series::forget() {
  bases_[0].forget();
  bases_[1].forget();
}

Tables::~Tables() {
  if (made_) attempt().~Attempt();
}

bool Tables::try_with(const SeriesBase* base, uint32_t limit) {
  if (made_) attempt().~Attempt();
  made_ = true;
  new (room_) Attempt(live_);
  base_ = base;
  keeps_ = false;
  NodeNumbers& numbers = attempt().numbers;
  if (!numbers.gather(limit, live_, base)) return false;
  if (series_ == nullptr) return true;
  // Where half of the nodes are gone the others are numbered anew.
  if (base != nullptr && uint64_t{numbers.gone_of_base()} * 2 > numbers.count_of_base()) {
    return false;
  }
  const uint64_t generations = live_.count();
  if (series_->renews(sequence_, base, numbers)) {
    if (base != nullptr && base->chain() + 1 >= series_->longest_chain()) return false;
    keeps_ = attempt().kept.make_room(numbers.count(), generations);
  }
  return base == nullptr ||
         attempt().changes.gather(*base, numbers, generations, generation_, attempt().rows, kept());
}

bool Tables::gather(uint32_t limit) {
  const SeriesBase* const base = series_ == nullptr ? nullptr : series_->base_for(sequence_);
  const bool done = (base != nullptr && try_with(base, limit)) || try_with(nullptr, limit);
  if (series_ != nullptr) series_->note_base(base_);
  return done;
}

void Tables::remember(const format::BaseEntry& own) {
  if (!keeps_) return;
  const uint32_t chain = base_ == nullptr ? 0 : base_->chain() + 1;
  series_->coming().remember(own, chain, attempt().numbers, attempt().kept, totals(),
                             live_.count());
}

}  // namespace silt::snapshot
