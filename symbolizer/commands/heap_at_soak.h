// SPDX-License-Identifier: Apache-2.0
//
// The heaps of a soak's processes at its first and its last round of snapshots, in a folder that
// goes with the soak, and what grew between them in each recording.

#ifndef SILT_SYMBOLIZER_COMMANDS_HEAP_AT_SOAK_H_
#define SILT_SYMBOLIZER_COMMANDS_HEAP_AT_SOAK_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/commands/heap_pair.h"

namespace silt::commands {

class SoakHeaps {
 public:
  // `folder`: of the soak, which lasts so long.
  SoakHeaps(std::filesystem::path folder, double soak_seconds)
      : folder_(std::move(folder)), soak_seconds_(soak_seconds) {}
  ~SoakHeaps();
  SoakHeaps(const SoakHeaps&) = delete;
  SoakHeaps& operator=(const SoakHeaps&) = delete;

  // One after the other, each with its snapshot's path; without one before the first round. Where
  // nobody `asked` for it, a round takes a quarter of the soak's time at the most.
  void take(const std::vector<std::pair<pid_t, std::string>>& processes, bool asked,
            const std::function<bool()>& goes_on);
  // Each recording as it was called while the soak ran, and as it is called now.
  void compare(const std::string& then, const std::string& now);

 private:
  struct Process {
    size_t rounds = 0;
    std::string failure;
  };
  void take_one(pid_t pid, const std::string& snapshot, bool first, bool asked,
                const std::function<bool()>& goes_on);
  HeapPlace place_of(const std::string& recording) const;

  std::filesystem::path folder_, own_;
  double soak_seconds_;
  std::map<std::string, Process> processes_;  // by recording
};

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_HEAP_AT_SOAK_H_
