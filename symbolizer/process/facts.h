// SPDX-License-Identifier: Apache-2.0
//
// What /proc tells about a process that is to be dumped. Parsing is apart from reading, so that
// tests need no process.

#ifndef SILT_SYMBOLIZER_PROCESS_FACTS_H_
#define SILT_SYMBOLIZER_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interposer/format/control.h"

namespace silt::process {

// Of /proc/PID/status or /proc/PID/task/TID/status. Signal n is bit n - 1.
struct StatusFacts {
  char state = '?';  // R, S, D, T, t, Z, X
  pid_t thread_group = 0;
  std::vector<pid_t> namespace_pids;  // from the reader's namespace to the process's own
  uid_t user = 0;                     // effective
  uint64_t pending = 0;               // for the thread and for the process
  uint64_t blocked = 0;
  uint64_t ignored = 0;
  uint64_t caught = 0;
  bool filtered = false;  // by seccomp
};
std::optional<StatusFacts> parse_status(std::string_view text);

// What a recorded process says about how it may be asked (interposer/format/control.h).
struct Card {
  int signal = 0;  // 0: none may be sent, `reach` tells why
  format::Reach reach = format::Reach::kNoSignal;
  bool asleep = false;  // it looks for nothing, and records nothing, until it is armed
  std::string folder;   // in which it looks for requests; empty: it did not fit
};
std::optional<Card> parse_card(std::string_view text);  // without the prefix

// Of /proc/PID/maps.
struct MapFacts {
  bool interposer = false;
  bool left_out = false;  // the interposer is there and records nothing, by its own decision
  std::optional<Card> card;
  // Files named `control`; what is in them tells which is silt's. A recording may be renamed while
  // it is written, so its folder's name tells nothing.
  std::vector<std::string> controls;
  std::string deleted_control;  // of a recording that was deleted, empty: none
  std::string error;     // why the interposer could not make a recording, empty: no such mapping
  std::string error_id;  // another one for each failure
};
MapFacts parse_maps(std::string_view text);
bool is_recorded(const MapFacts& facts);

// A process's control file as far as it can be believed: nothing when it is another process's, or
// no control file. `pids` are what the process is called in the namespaces that it is in.
std::optional<format::Control> parse_control(std::string_view bytes, pid_t pid,
                                             const std::vector<pid_t>& pids);

// Of /proc/PID/stat: when the process was started, in ticks since the machine was.
std::optional<uint64_t> start_in_stat(std::string_view text);
// Of the same, or of /proc/PID/task/TID/stat: whether the letter of the state says ended.
bool ended_in_stat(std::string_view text);

// /proc/PID/NAME.
std::string proc_path(pid_t pid, const std::string& name);
// Where NAME is of a process whose main thread may have ended before others (pthread_exit): what
// all threads share (maps, exe, root, environ, statm, ...) is gone from /proc/PID then and still in
// /proc/PID/task/TID of one that lives. Else, or where none does: /proc/PID/NAME.
std::string living_path(pid_t pid, const std::string& name);
// A whole file of /proc, or nothing (errno tells why).
std::optional<std::string> read_proc(const std::string& path);
std::vector<pid_t> threads_of(pid_t pid);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_FACTS_H_
