// SPDX-License-Identifier: Apache-2.0
//
// A runtime inside the program that has something of its own to tell at a snapshot (its managed
// heaps) and can only tell it at moments of its own choosing: the snapshot's companion. Before a
// snapshot it is asked (Runtimes::ask); the snapshot is written once it has answered, or when the
// patience for it is over. It never holds up the process: a timer, which raises silt's own signal,
// takes the snapshot that is due.

#ifndef SILT_INTERPOSER_SNAPSHOT_COMPANION_H_
#define SILT_INTERPOSER_SNAPSHOT_COMPANION_H_

#include <signal.h>

#include <cstdint>

namespace silt::snapshot {

// How long a snapshot waits for the answer.
inline constexpr uint64_t kCompanionPatienceNs = 1500000000;

// Makes the timer. Normal context, after the signal was claimed, where there is somebody to ask.
void install_companion();

// All that were asked have answered: the snapshot is taken `settle_ns` from now. Normal context.
void companion_answered(uint64_t settle_ns);

// With a trigger: the companion need not be asked any more.
inline constexpr uint32_t kAnswered = 1u << 31;

// The trigger's side. Hook or signal context.
// True when the snapshot waits for the companion, which was asked now or before.
bool waits_for_companion(uint32_t trigger);
// Whether the timer has raised this signal.
bool is_round_signal(const siginfo_t& info);
// The trigger, with kAnswered, of the snapshot that waited; 0 when none does.
uint32_t take_due_trigger();
// Likewise, of one that has waited for so long that the timer's signal will not come. Cheap.
uint32_t take_overdue_trigger();
// The trigger of a snapshot that was asked for while another waited, else 0.
uint32_t take_repeated_trigger();
// In the child of a fork: neither the parent's event loops nor its timer are there.
void leave_companion_to_parent();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_COMPANION_H_
