// SPDX-License-Identifier: Apache-2.0
//
// Who keeps what grows in heaps that a runtime collects: a heap of the process as it was first and
// as it is last, each written by a copy of it, and what grew between them in a small file of the
// recording (read/heap_growth.h). The heaps themselves wait without the values of strings, for
// their owner only, under names that begin with a dot, which jobs do not upload; who made them
// removes them.

#ifndef SILT_SYMBOLIZER_COMMANDS_HEAP_PAIR_H_
#define SILT_SYMBOLIZER_COMMANDS_HEAP_PAIR_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/process/heap_answer.h"

namespace silt::commands {

// Where the heaps of one process wait: files PREFIX.THREAD.SNAPSHOT in a folder.
struct HeapPlace {
  std::filesystem::path folder;
  std::string prefix;
};

struct KeptHeap {
  uint32_t thread = 0;
  uint32_t snapshot = 0;  // number of the one that was taken before it
  std::filesystem::path file;
};
// By thread, then by snapshot.
std::vector<KeptHeap> kept_heaps(const HeapPlace& place);

// What one cost the process and its copy, in one line.
std::string heap_taken_text(pid_t pid, const process::HeapTaken& taken);

struct HeapsTaken {
  std::vector<process::HeapTaken> taken;
  std::vector<std::string> failures;  // one line each
};
// After a snapshot of the process, which says whose heaps there are: asks for them one after the
// other, and puts them there. Nothing where no runtime has such heaps.
HeapsTaken keep_heaps(pid_t pid, const std::string& snapshot, const HeapPlace& place,
                      const process::Patience& patience, const std::function<bool()>& goes_on = {});

// Compares the first and the last heap of each thread that has two, and writes what grew into the
// recording. With `why_not` and no such thread the file says that. False: there was nothing to say.
Result<bool> write_heap_growth(const HeapPlace& place, const std::filesystem::path& recording,
                               const std::string& why_not);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_HEAP_PAIR_H_
