// SPDX-License-Identifier: Apache-2.0
//
// Which snapshots of a recording are told whole, and which by how they differ from a base; and the
// tables of one of them. A base is itself told by its own base where it can be. A new one is made
// each time the recording has become twice as long, or an eighth more nodes have come: so there are
// few of them, and what came since the last is never most of it. Signal context, under the snapshot
// slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_SERIES_H_
#define SILT_INTERPOSER_SNAPSHOT_SERIES_H_

#include <cstdint>

#include "interposer/snapshot/changed_rows.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/snapshot/rows.h"
#include "interposer/snapshot/series_base.h"
#include "interposer/snapshot/writer.h"

namespace silt::snapshot {

class Series {
 public:
  // The base for a snapshot, nullptr: it is to be told whole.
  const SeriesBase* base_for(uint32_t sequence) const;
  // Whether it is to be a base for later ones.
  bool renews(uint32_t sequence, const SeriesBase* base, const NodeNumbers& numbers) const;

  // A snapshot was written and has got its name, or has not. Which one it cannot be read without.
  SeriesBase& coming() { return bases_[1 - now_]; }
  void settle(bool written);
  uint32_t needed() const { return needed_; }
  void note_base(const SeriesBase* base);

  // The base's file is not to be found any more, or another recording begins.
  void forget();
  void set_longest_chain(uint32_t most) { longest_chain_ = most; }
  uint32_t longest_chain() const { return longest_chain_; }
  // The number of the base; kNone: there is none.
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t base_number() const;

 private:
  SeriesBase bases_[2];
  uint32_t now_;
  uint32_t longest_chain_;
  uint32_t needed_;
};

// The nodes and rows of a snapshot that is being written.
class Tables {
 public:
  Tables(const LiveCounts& live, const SnapshotFacts& facts, uint32_t generation)
      : live_(live), series_(facts.series), sequence_(facts.sequence), generation_(generation) {}
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;
  ~Tables();

  // False: there was no memory.
  bool gather(uint32_t limit);

  const SeriesBase* base() const { return base_; }
  NodeNumbers& numbers() { return attempt().numbers; }
  Rows& rows() { return attempt().rows; }
  RowList* kept() { return keeps_ ? &attempt().kept : nullptr; }
  const ChangedRows& changes() { return attempt().changes; }
  const RowTotals& totals() { return attempt().rows.totals(); }

  // `own`: how others may name it.
  void remember(const format::BaseEntry& own);

 private:
  // In place: what takes memory gives it back when it is destroyed, and there is no operator new.
  struct Attempt {
    explicit Attempt(const LiveCounts& live) : rows(numbers, live) {}
    NodeNumbers numbers;
    Rows rows;
    RowList kept;
    ChangedRows changes;
  };
  Attempt& attempt() { return *reinterpret_cast<Attempt*>(room_); }
  bool try_with(const SeriesBase* base, uint32_t limit);

  const LiveCounts& live_;
  Series* const series_;
  const uint32_t sequence_;
  const uint32_t generation_;
  const SeriesBase* base_ = nullptr;
  bool keeps_ = false;
  bool made_ = false;
  alignas(Attempt) unsigned char room_[sizeof(Attempt)];
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_SERIES_H_
