// SPDX-License-Identifier: Apache-2.0
//
// Which nodes a snapshot writes, and their numbers in it: those at which something was allocated or
// lives, and their callers, from 1 without gaps, callers first. Ids themselves serve as neither:
// folded nodes leave gaps, and an id that is used again may be smaller than its caller's. Its
// memory is mapped for one snapshot. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_NODE_NUMBERS_H_
#define SILT_INTERPOSER_SNAPSHOT_NODE_NUMBERS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/snapshot/live_counts.h"
#include "interposer/track/stack_table.h"

namespace silt::snapshot {

class SeriesBase;

class NodeNumbers {
 public:
  NodeNumbers() = default;
  ~NodeNumbers();
  NodeNumbers(const NodeNumbers&) = delete;
  NodeNumbers& operator=(const NodeNumbers&) = delete;

  // Of the ids below `limit`. With a base its nodes, whether they are needed or not, have their
  // numbers from there, and others come behind them. False when there was no memory. Once.
  bool gather(uint32_t limit, const LiveCounts& live, const SeriesBase* base = nullptr);

  uint32_t count() const { return count_; }
  uint32_t count_of_base() const { return of_base_; }
  uint32_t gone_of_base() const { return gone_; }  // of these
  // What all nodes together had allocated when they were looked through.
  uint64_t allocated_blocks() const { return allocated_blocks_; }
  // The node with a number from 1 to count(), the root where it is gone; and the number of a node
  // that has one; the root's is 0.
  track::NodeId node(uint32_t number) const { return order_[number - 1]; }
  uint32_t number(track::NodeId id) const {
    return id == track::kRoot ? 0 : numbers_[track::index_of(id)];
  }

  uint32_t limit() const { return limit_; }  // of ids
  bool has_number(track::NodeId id) const {
    if (id == track::kRoot) return true;
    const uint32_t at = track::index_of(id);
    return at < limit_ && numbers_[at] != 0 && numbers_[at] < kDropped;
  }

  // Whether a node, or one further out, is silt's own doing in a companion.
  bool is_own(track::NodeId id) { return whose(id) == kOwn; }
  // Whether its blocks stand for objects of a runtime (Runtimes::is_sampler).
  bool is_sampler(track::NodeId id) { return whose(id) == kSampler; }

 private:
  static constexpr uint32_t kNeeded = UINT32_MAX;
  static constexpr uint32_t kDropped = UINT32_MAX - 1;

  uint8_t whose(track::NodeId id);
  void take_over(const SeriesBase& base);
  void need(track::NodeId id);
  void put_in_order();
  void give_numbers(track::NodeId id);

  uint32_t limit_ = 0;
  uint32_t count_ = 0;
  uint32_t needed_ = 0;
  uint32_t of_base_ = 0;
  uint32_t gone_ = 0;
  uint64_t allocated_blocks_ = 0;
  uint32_t* numbers_ = nullptr;     // by id
  track::NodeId* order_ = nullptr;  // by number
  uint8_t* own_ = nullptr;          // by id: 0 not known yet, kTheirs, kOwn, kSampler
  static constexpr uint8_t kTheirs = 1;
  static constexpr uint8_t kOwn = 2;
  static constexpr uint8_t kSampler = 3;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_NODE_NUMBERS_H_
