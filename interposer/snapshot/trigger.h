// SPDX-License-Identifier: Apache-2.0
//
// When a snapshot is taken: on the signal (signals.h), on `silt dump`, every so often, at exit. One
// thread at a time holds the snapshot slot (slot.h); who comes meanwhile leaves a request that the
// holder serves before it goes. Signal context, but for what belongs to the start.

#ifndef SILT_INTERPOSER_SNAPSHOT_TRIGGER_H_
#define SILT_INTERPOSER_SNAPSHOT_TRIGGER_H_

#include <cstdint>

namespace silt::snapshot {

struct Wishes {
  bool at_exit;
  bool children;          // forked children record too
  bool owners_at_exit;    // the last snapshot says who keeps the blocks
  uint32_t flags;         // format::MetaFlag bits that hold for the whole process
  bool folder_known_bad;  // the user was told that no snapshot can be written: once is enough
  uint32_t keep;          // the most snapshots of a recording that stay, 0: all
};

// Normal context, each once, in this order, after claim_signals (signals.h).
void install(const Wishes& wishes);
// Recording has begun.
void begin();

// Takes a snapshot now, unless another thread is taking one.
void take(uint32_t trigger);
// The same from a signal's handler: a hook that was interrupted takes it when it ends, the start of
// recording when that is yet to come.
void take_or_leave_pending(uint32_t trigger);

// Does what no snapshot may be taken beside, with all signals blocked: waits so long for one that
// is under way. False when that was too short. Normal context.
bool between_snapshots(uint64_t patience_ns, void (*work)(void*), void* argument);

// The process ends in an orderly way.
void take_at_exit();
// It is about to clear up, by itself: this is the last moment that tells what it kept.
void take_before_end();

// In the child of a fork: a recording of its own begins, or none when children are not wanted.
void start_over_in_child();
bool records_children();
// False in a child that shares its parent's memory. A copy that no fork handler saw starts over.
bool owns_tables();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_TRIGGER_H_
