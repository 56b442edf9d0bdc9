// SPDX-License-Identifier: Apache-2.0
//
// The snapshots of a soak: of which processes, how many in which recording, and what the latest
// ones say in a few figures.

#ifndef SILT_SYMBOLIZER_SOAK_SNAPSHOTS_H_
#define SILT_SYMBOLIZER_SOAK_SNAPSHOTS_H_

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/process/snapshot_request.h"
#include "symbolizer/soak/seen.h"

namespace silt::soak {

class Snapshots {
 public:
  // One of each process; false when none was written. `patience` is for each. `seen` is told. With
  // the wish for owners it is over when these are known, or after some time.
  bool take(SeenProcesses& seen, const std::vector<pid_t>& pids, pid_t program,
            const process::Patience& patience, process::Wish wish);

  // Recordings long enough for a verdict, or the longest when none is; the program's own first.
  std::vector<std::string> worth_judging() const;
  // Who took one in the latest round, the program itself first, and where it is.
  const std::vector<std::pair<pid_t, std::string>>& latest() const { return latest_; }
  size_t least() const;          // so many snapshots are enough here
  std::string left_out() const;  // how many are not among them, in words; empty: none
  const std::string& figures() const { return figures_; }          // "live 1.2 MB, RSS 3.4 MB"
  const std::string& own_failure() const { return own_failure_; }  // last one of the program
  const std::string& failure() const { return failure_; }          // last one of any process

 private:
  void read_figures(const std::string& path);

  std::map<std::string, size_t> counts_;             // snapshots by recording
  std::vector<std::pair<bool, std::string>> order_;  // whether the program's own, recording
  std::vector<std::pair<pid_t, std::string>> latest_;
  std::string own_failure_, failure_, figures_;
  double live_bytes_ = 0, rss_bytes_ = 0;  // of the round that is being taken
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_SNAPSHOTS_H_
