// SPDX-License-Identifier: Apache-2.0
//
// A runtime inside the program that has something of its own to tell at a snapshot (node: its
// JavaScript heaps, the names of its compiled code) and can only tell it at moments of its own
// choosing. Before a snapshot it is asked; the snapshot is written once it has answered, or when
// the patience for it is over. It never holds up the process: a timer, which raises silt's own
// signal, takes the snapshot that is due.

#ifndef SILT_INTERPOSER_SNAPSHOT_COMPANION_H_
#define SILT_INTERPOSER_SNAPSHOT_COMPANION_H_

#include <signal.h>

#include <cstdint>

#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::snapshot {

// Set once, before it is installed.
struct Companion {
  // Asks for a fresh answer; false when there is nobody to ask. Hook or signal context.
  bool (*ask)() = nullptr;
  // Writes the sections. Signal context, under the snapshot slot.
  void (*write)(SectionWriter& out, Strings& strings) = nullptr;
  // Appends the names of compiled code to the recording in the folder (a descriptor); false when
  // it knows none and /tmp/perf-PID.map should be looked for. Signal context, under the slot.
  bool (*write_names)(int folder) = nullptr;
  // The recording is another one: the next write_names begins at the first name.
  void (*write_names_anew)() = nullptr;
  // Whether what is allocated below this pc is silt's own doing and to be left out.
  bool (*is_own)(uint64_t pc) = nullptr;
  // In the child of a fork.
  void (*leave_to_parent)() = nullptr;
};

extern constinit Companion companion;

// How long a snapshot waits for the answer.
inline constexpr uint64_t kCompanionPatienceNs = 1500000000;

// Normal context, after `companion` was filled in: makes the timer.
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
