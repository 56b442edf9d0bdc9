// SPDX-License-Identifier: Apache-2.0
//
// `silt arm` and `silt disarm`: from sleep (track/waking.h) to a recording of its own, which begins
// with a snapshot of nothing, and back to sleep after a last one. Only the tool's signal can wake a
// process, since asleep no hook looks for anything. An order that finds the process in the state
// that it asks for changes nothing, so the tool may send it again. Signal context, under the
// snapshot slot, but for order_arming.

#ifndef SILT_INTERPOSER_SNAPSHOT_ARMING_H_
#define SILT_INTERPOSER_SNAPSHOT_ARMING_H_

#include <cstdint>

namespace silt::snapshot {

// Beside the triggers of snapshots (format::Trigger).
inline constexpr uint32_t kArm = 0x400;
inline constexpr uint32_t kDisarm = 0x800;

// Normal context, once. `sample_bytes`: SILT_SAMPLE.
void prepare_arming(uint64_t sample_bytes);

// An order (format::ArmOrder) has come; kArm carries it out. Any context.
void order_arming(uint32_t order);

void arm();
void disarm();

// When it is to fall asleep by itself, on the monotonic clock; 0: when it is told.
uint64_t sleep_due_ns();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_ARMING_H_
