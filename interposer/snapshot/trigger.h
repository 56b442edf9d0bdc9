// SPDX-License-Identifier: Apache-2.0
//
// When a snapshot is taken: on the signal, on `silt dump`, every so often, at exit. One thread at a
// time holds the snapshot slot; who comes meanwhile leaves a request that the holder serves before
// it goes. Signal context, but for install.

#ifndef SILT_INTERPOSER_SNAPSHOT_TRIGGER_H_
#define SILT_INTERPOSER_SNAPSHOT_TRIGGER_H_

#include <cstdint>

namespace silt::snapshot {

// Normal context, once. `flags`: format::MetaFlag bits that hold for the whole process. False when
// the signal could not be claimed.
bool install(int signal_number, bool at_exit, uint32_t flags);

// Takes a snapshot now, unless another thread is taking one.
void take(uint32_t trigger);

// The process ends in an orderly way.
void take_at_exit();

// In the child of a fork: a recording of its own begins, or none when children are not wanted.
void start_over_in_child(bool record);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_TRIGGER_H_
