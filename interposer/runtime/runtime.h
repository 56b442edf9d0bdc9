// SPDX-License-Identifier: Apache-2.0
//
// The seam between silt and the runtimes of other languages that may be inside the program. A
// runtime has a folder beside this file; all that the rest of the interposer knows of it stands in
// this struct and in the list behind it, so that adding one touches its folder, the list and its
// tests. The sections that it fills name no language either (format/snapshot.h).
// docs/runtimes.md goes through what a new one provides.

#ifndef SILT_INTERPOSER_RUNTIME_RUNTIME_H_
#define SILT_INTERPOSER_RUNTIME_RUNTIME_H_

#include <cstdint>

#include "interposer/base/options.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::runtime {

// What start() found.
enum class Presence : uint8_t {
  kAbsent,  // it is not there, or not to be looked at: never called again
  kTold,    // it is there but cannot be joined: describe() alone is called
  kHere,    // it is joined, or will be once it is loaded and has started
};

// Each function but `name`, `start` and `describe` may be nullptr.
struct Runtime {
  const char* name;  // as RuntimeEntry::name

  // Whether this program of the runtime's is not to be recorded at all. Normal context, in the
  // constructor, before anything else.
  bool (*is_left_out)(const base::Options& options) = nullptr;
  // Begins to join it, or to wait for it. `library`: path of libsilt.so, absolute. Normal context,
  // in the constructor, before anything is recorded.
  Presence (*start)(const base::Options& options, const char* library) = nullptr;
  // The process ends. Normal context, in the destructor.
  void (*stop)() = nullptr;

  // Before a snapshot: asks it for what it can only tell at a moment of its own choosing, when it
  // calls snapshot::companion_answered. False when there is nobody to ask. Hook or signal context.
  bool (*ask)() = nullptr;
  // It may come at any time or never: it installs the companion itself, once there is somebody to
  // ask, and calls watch_own_code before anything of silt's runs below it.
  bool joins_late = false;

  // Of a snapshot; signal context, under the snapshot slot.
  // Fills in all but name and objects; false when it is not there. `entry` is zero before.
  bool (*describe)(snapshot::Strings& strings, format::RuntimeEntry* entry) = nullptr;
  // Writes the sections of managed heaps, whose runtime is `index`. One runtime of a process can.
  void (*write_heaps)(snapshot::SectionWriter& out, snapshot::Strings& strings,
                      uint32_t index) = nullptr;
  // Appends the names of compiled code to the recording in `folder` (a descriptor); false when it
  // knows none.
  bool (*write_names)(int folder) = nullptr;
  // The recording is another one: the next write_names begins at the first name.
  void (*write_names_anew)() = nullptr;
  // Whether what is allocated below this pc is silt's own doing.
  bool (*is_own)(uint64_t pc) = nullptr;
  // Whether it is in the function by which the runtime's own profiler remembers an object that it
  // has sampled: each of its blocks stands for one.
  bool (*is_sampler)(uint64_t pc) = nullptr;
  // It marks the mappings of its heaps as not to be copied into children (MADV_DONTFORK).
  bool marks_heaps = false;

  // What it has mapped for names, lines and places of code: it counts for the bound that silt keeps
  // of its own memory. Hook context.
  uint64_t (*kept_bytes)() = nullptr;
  // A round of folding has waited for all hooks from before this epoch: what was replaced in an
  // earlier one has no readers any more. Hook context.
  void (*tidy)(uint32_t epoch) = nullptr;

  // The process has fallen asleep or been woken (snapshot/arming.h). Signal context.
  void (*sleep)(bool asleep) = nullptr;

  // In the child of a fork. Hook context.
  void (*leave_to_parent)() = nullptr;
};

// All there are; a nullptr ends it.
extern const Runtime* const runtimes[];

// Whether one of them does not want the program recorded.
bool is_left_out(const Runtime* const* list, const base::Options& options);
// Starts those of the list and tells the snapshot layer of them. Once in a process.
void start_runtimes(const Runtime* const* list, const base::Options& options, const char* library);
void stop_runtimes();
// From now on snapshots leave out what is allocated below code that is silt's own. Any context.
void watch_own_code();

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_RUNTIME_H_
