// SPDX-License-Identifier: Apache-2.0
//
// Every recorded process that was seen while a soak's load ran: for how long, with how many
// snapshots, and why there was none. What is missing from the verdict is known from here, since a
// process that gave no snapshot left nothing else.

#ifndef SILT_SYMBOLIZER_SOAK_SEEN_H_
#define SILT_SYMBOLIZER_SOAK_SEEN_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::soak {

// Of /proc/PID/stat: a process is known by its id and its start, for ids are used again.
struct StatFacts {
  std::string name;
  uint64_t start_ticks = 0;
};
std::optional<StatFacts> parse_stat(std::string_view text);

class SeenProcesses {
 public:
  // Looks at these processes now, `seconds` after the load began; returns those that are recorded.
  std::vector<pid_t> look(const std::vector<pid_t>& pids, double seconds);

  // What became of a request for a snapshot; of a process that look() has returned.
  void took_snapshot(pid_t pid);
  void gave_none(pid_t pid, const std::string& why);

  // Who lived long enough in a run of this length and has fewer than `needed` snapshots.
  std::vector<report::Unjudged> unjudged(double run_seconds, size_t needed) const;

 private:
  using Key = std::pair<pid_t, uint64_t>;
  struct Process {
    std::string name;
    bool recorded = false;
    double first = 0, last = 0;  // seconds
    size_t snapshots = 0;
    std::string why;  // it gave none, the last time that it did not
  };
  std::map<Key, Process> processes_;
  std::map<pid_t, Key> now_;  // who has which id at present
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_SEEN_H_
