// SPDX-License-Identifier: Apache-2.0
//
// The seam between silt and the runtimes of other languages that may be inside the program. A
// runtime has a folder beside this file; all that the rest of the interposer knows of it stands in
// this struct and in the list behind it, so that adding one touches its folder, the list and its
// tests. What it writes into a snapshot names no language either (format/snapshot.h).

#ifndef SILT_INTERPOSER_RUNTIME_RUNTIME_H_
#define SILT_INTERPOSER_RUNTIME_RUNTIME_H_

#include <cstdint>

#include "interposer/base/options.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::runtime {

struct Runtime {
  const char* name;
  // Begins to join it, or to wait until it is loaded and has started. Normal context, in the
  // constructor, before anything is recorded.
  void (*start)(const base::Options& options);
  // Writes what it knows: of itself, of its heaps, of the functions that stand in stacks.
  // `objects` are what blocks of runtimes' own allocators come to. Signal context, under the
  // snapshot slot. Nothing when it is not there.
  void (*write)(snapshot::SectionWriter& out, snapshot::Strings& strings,
                const format::HeapTotals& objects);
  // In the child of a fork; may be nullptr. Hook context.
  void (*leave_to_parent)();
};

// All there are.
void start_runtimes(const base::Options& options);

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_RUNTIME_H_
