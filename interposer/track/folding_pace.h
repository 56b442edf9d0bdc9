// SPDX-License-Identifier: Apache-2.0
//
// How fast folding goes: when a round begins, when its next slice is due and when that is over, all
// by how far silt is past what it wants to take (own_size.h). And how far the step under way has
// come, since a slice mostly ends in the middle of one. Hook context; all but `due` for whoever
// folds.

#ifndef SILT_INTERPOSER_TRACK_FOLDING_PACE_H_
#define SILT_INTERPOSER_TRACK_FOLDING_PACE_H_

#include <atomic>
#include <cstdint>

#include "interposer/track/own_size.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

class FoldingPace {
 public:
  // Whether a slice is due, of the round under way or, where folding is `idle`, of a new one. Asked
  // now and then by every thread that allocates.
  bool due(bool idle);

  void begin_slice();
  bool slice_is_over() const;
  // For tests: slices never end.
  void set_in_one_go(bool in_one_go) { in_one_go_ = in_one_go; }

  void begin_step() { at_ = 1; }
  // Calls visit(id) for ids below `limit`, from where the step has come to; true when it has come
  // to the end, false when the slice is over.
  template <typename Visit>
  bool visit_ids(uint32_t limit, Visit&& visit) {
    while (at_ < limit) {
      visit(NodeId{at_++});
      if (at_ % kIdsBetweenClockLooks == 0 && slice_is_over()) return false;
    }
    return true;
  }
  // The same in steps that the caller chooses.
  uint32_t at() const { return at_; }
  void go_to(uint32_t id) { at_ = id; }

  void begin_round() { measure(); }
  // The tree grows on while a round is under way. `live_bytes`: the program's, where `live_known`.
  void look_at_growth(bool live_known, uint64_t live_bytes);
  void end_round(uint64_t live_bytes, uint64_t folded_nodes);
  void give_up_round();

 private:
  // Asking for the time takes a tenth of a microsecond.
  static constexpr uint32_t kIdsBetweenClockLooks = 256;

  void measure();

  std::atomic<uint64_t> next_look_ticks_{0};
  std::atomic<Pressure> pressure_{Pressure::kNone};
  uint64_t slice_end_ns_ = 0;
  bool in_one_go_ = false;
  uint32_t at_ = 1;

  // Of the last round.
  std::atomic<uint64_t> ended_ns_{0};
  std::atomic<uint32_t> left_nodes_{0};
  std::atomic<uint64_t> known_live_bytes_{0};
  std::atomic<bool> found_{false};  // a sixteenth of what was left, or more
  uint32_t rounds_ = 0;
  // When it was last measured.
  uint64_t bytes_of_node_ = 0;
  uint64_t other_bytes_ = 0;
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_FOLDING_PACE_H_
