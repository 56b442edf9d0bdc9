// SPDX-License-Identifier: Apache-2.0
//
// Asking a process for the managed heap of one of its threads, and waiting until a copy of the
// process has written it beside a snapshot. Sometimes the copy cannot go on, because a thread that
// was not copied along was in the middle of something; then it is asked again.

#ifndef SILT_SYMBOLIZER_PROCESS_HEAP_ANSWER_H_
#define SILT_SYMBOLIZER_PROCESS_HEAP_ANSWER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "interposer/format/heap_answer.h"
#include "symbolizer/base/result.h"
#include "symbolizer/process/snapshot_request.h"

namespace silt::process {

struct HeapTaken {
  std::string snapshot;  // as the process has it
  std::string path;      // of the heap, from here
  unsigned attempts = 1;
  format::HeapAnswer process{};  // how long it stood still
  format::HeapAnswer copy{};     // what the copy took
};

struct HeapWish {
  Patience patience{};
  uint32_t thread = 0;
  // Snapshots come along with a heap; true: they are removed again. Two that are close together
  // tell little of growth.
  bool alone = false;
  std::function<bool()> goes_on = {};  // asked now and then; false: it is given up
};

// The error says why there is none; the process is not harmed.
Result<HeapTaken> take_heap(pid_t pid, const HeapWish& wish);

// A path of a process as it is from here: one in a container has its own.
std::string path_from_here(pid_t pid, const std::string& path);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_HEAP_ANSWER_H_
