// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot asks of the runtimes of other languages that may be inside the program; this
// layer does not know them. Set once by the layer above, before the first snapshot: nullptr where
// no runtime that is there has anything to say to it.

#ifndef SILT_INTERPOSER_SNAPSHOT_RUNTIMES_H_
#define SILT_INTERPOSER_SNAPSHOT_RUNTIMES_H_

#include <cstdint>

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::snapshot {

struct Runtimes {
  // Asks those that can only tell of themselves at moments of their own choosing (companion.h);
  // false when there is nobody to ask. Hook or signal context.
  bool (*ask)() = nullptr;
  // Writes their sections. `objects`: blocks of runtimes' own allocators. Signal context, under the
  // snapshot slot.
  void (*write)(SectionWriter& out, Strings& strings, const format::HeapTotals& objects) = nullptr;
  // Appends the names of compiled code to the recording in the folder (a descriptor); false when
  // none is known and /tmp/perf-PID.map should be looked for. Signal context, under the slot.
  bool (*write_names)(int folder) = nullptr;
  // The recording is another one: the next write_names begins at the first name.
  void (*write_names_anew)() = nullptr;
  // Whether what is allocated below this pc is silt's own doing and to be left out.
  bool (*is_own)(uint64_t pc) = nullptr;
  // Whether blocks that are allocated below this pc each stand for an object that a runtime's
  // profiler has sampled: no memory of the program's, but stacks worth writing.
  bool (*is_sampler)(uint64_t pc) = nullptr;
  // Whether the mappings of a managed heap are marked as not to be copied into children.
  bool mark_their_heaps = false;
  // The process has fallen asleep, or has been woken: what costs anything is stopped, or begins at
  // the runtime's next opportunity. Signal context, under the slot.
  void (*sleep)(bool asleep) = nullptr;
  // In the child of a fork.
  void (*leave_to_parent)() = nullptr;
};

extern constinit Runtimes runtimes;

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_RUNTIMES_H_
