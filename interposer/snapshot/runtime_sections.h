// SPDX-License-Identifier: Apache-2.0
//
// What the runtimes of other languages add to a snapshot; this layer does not know them. Set once,
// before the first snapshot.

#ifndef SILT_INTERPOSER_SNAPSHOT_RUNTIME_SECTIONS_H_
#define SILT_INTERPOSER_SNAPSHOT_RUNTIME_SECTIONS_H_

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::snapshot {

struct RuntimeSections {
  // Signal context, under the snapshot slot. `objects`: live blocks of runtimes' own allocators.
  void (*write)(SectionWriter& out, Strings& strings, const format::HeapTotals& objects) = nullptr;
  void (*leave_to_parent)() = nullptr;  // in the child of a fork
};

extern constinit RuntimeSections runtime_sections;

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_RUNTIME_SECTIONS_H_
