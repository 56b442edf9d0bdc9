// SPDX-License-Identifier: Apache-2.0
//
// The processes of a soak while it runs: the program, the command that says when it is ready, the
// load. They start here, their ends and requests to end the soak arrive here, and none is left when
// this is gone. Only wait(), patiently() and pause() sleep.

#ifndef SILT_SYMBOLIZER_SOAK_RUNNING_H_
#define SILT_SYMBOLIZER_SOAK_RUNNING_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/soak/load.h"
#include "symbolizer/soak/processes.h"
#include "symbolizer/soak/signals.h"
#include "symbolizer/soak/task.h"

namespace silt::soak {

using Moment = std::chrono::steady_clock::time_point;

inline std::chrono::steady_clock::duration seconds(double count) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(count));
}
inline double seconds_between(Moment from, Moment to) {
  return std::chrono::duration<double>(to - from).count();
}

class Running {
 public:
  explicit Running(const Task& task);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::optional<Error> start_program();
  void start_load();
  // Runs the --ready command once; false when it fails or has not ended at `end`.
  bool waits_for_it() const;  // the load for the program
  bool ready_command_says_yes(Moment end);

  bool going_on() const { return program_.running() && request_ == 0 && !gave_up_; }
  bool program_runs() const { return program_.running(); }
  pid_t program() const { return program_.pid; }
  Moment started() const { return started_; }
  // How the program ended; only when it does not run.
  int program_status() const { return *program_.wait_status; }
  int request() const { return request_; }   // the signal that asked for an end, or 0
  bool hurried() const { return hurried_; }  // asked a second time
  bool gave_up() const { return gave_up_; }  // the load cannot go on
  bool ended_itself() const { return ended_itself_; }
  const Load* load() const { return load_.get(); }
  const std::vector<std::string>& notes() const { return notes_; }

  // Called about every tenth of a second of wait().
  void meanwhile(std::function<void(Moment)> call) { meanwhile_ = std::move(call); }
  // Takes what has happened; true as long as the soak goes on.
  bool take_events();
  // Sleeps until `end`; false when the soak is over before. `doing` is what the terminal shows.
  bool wait(Moment end, const std::function<std::string()>& doing);
  // Sleeps at most so long, until something happens.
  void pause(std::chrono::steady_clock::duration most) { signals_.wait(most); }

  // The program and all it started.
  std::vector<pid_t> tree() const;
  std::string log_tail() const;
  Error program_ended_early(const char* when) const;

  void end_all();

 private:
  void reap();
  bool patiently(double patience, const std::function<bool()>& done, const char* what);
  void end_program();
  void end_orphans();

  const Task& task_;
  const std::string program_log_;
  const Signals signals_;
  std::set<pid_t> strangers_;
  int reaper_before_ = 0;
  Child program_;
  Child ready_;
  std::unique_ptr<Load> load_;
  Moment started_{};
  std::function<void(Moment)> meanwhile_;
  std::vector<std::string> notes_;
  int request_ = 0;
  bool hurried_ = false;
  bool gave_up_ = false;
  bool ended_itself_ = false;
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_RUNNING_H_
