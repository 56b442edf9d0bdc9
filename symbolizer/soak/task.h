// SPDX-License-Identifier: Apache-2.0
//
// What a soak is to do: the program, its load, when it is ready, and when snapshots are taken.

#ifndef SILT_SYMBOLIZER_SOAK_TASK_H_
#define SILT_SYMBOLIZER_SOAK_TASK_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/process/launch.h"
#include "symbolizer/soak/plan.h"

namespace silt::soak {

struct Task {
  Plan plan;
  process::Launch launch;
  process::RecordSettings settings;
  std::filesystem::path folder;  // of logs
  std::string load;              // shell commands
  std::string ready;
  int ready_port = 0;  // 0: none
  double wait_seconds = 0;
  double ready_seconds = 60;  // patience
  double grace_seconds = 10;  // from SIGTERM to SIGKILL
  bool show_output = false;
  // Called where owners are wished for: before the first round with the recorded processes, after
  // the last with those that took a snapshot in it and the paths of these. May take its time while
  // goes_on says so, more where it was asked for.
  std::function<void(const std::vector<std::pair<pid_t, std::string>>&, bool asked,
                     const std::function<bool()>& goes_on)>
      look_into_heaps;
  // Called after each round with those that took a snapshot in it and the paths of these: which
  // round, from 0 on, of how many.
  std::function<void(const std::vector<std::pair<pid_t, std::string>>&, size_t round, size_t rounds,
                     const std::function<bool()>& goes_on)>
      look_at_classes;
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_TASK_H_
