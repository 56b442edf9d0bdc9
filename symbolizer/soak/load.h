// SPDX-License-Identifier: Apache-2.0
//
// The load command of a soak: a shell command in a process group of its own, started again when it
// ends before the soak does. One that fails at once, again and again, is no load.

#ifndef SILT_SYMBOLIZER_SOAK_LOAD_H_
#define SILT_SYMBOLIZER_SOAK_LOAD_H_

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "symbolizer/soak/processes.h"

namespace silt::soak {

class Load {
 public:
  // `program` is told to the command as SILT_SOAK_PID. So many seconds the command may fail at
  // once, because the program is still starting.
  Load(std::string command, std::string log, pid_t program, const sigset_t& signal_mask,
       double patience_seconds);

  // Starts the command, now or again when it has ended; false when there is no use in it.
  bool keep_going();
  void ended(pid_t pid, int wait_status);  // of any process; others than its own are ignored
  void stop();                             // asks it to end, and does not start it again
  void kill_now();

  bool running() const { return child_.running(); }
  pid_t pid() const { return child_.pid; }
  size_t runs() const { return runs_; }
  std::string why_given_up() const;
  // Whether each run failed within seconds: then there was no load.
  bool never_worked() const { return failures_ > 0 && !has_worked_; }
  std::vector<std::string> take_news();    // failures since the last call
  std::vector<std::string> notes() const;  // what to say at the end

 private:
  bool may_still_work() const;

  std::string command_;
  std::string log_;
  pid_t program_;
  sigset_t signal_mask_;
  std::chrono::duration<double> patience_;
  Child child_;
  std::chrono::steady_clock::time_point first_started_{};
  std::chrono::steady_clock::time_point started_{};
  bool has_worked_ = false;
  size_t runs_ = 0;
  size_t failures_ = 0;
  size_t quick_failures_ = 0;  // in a row
  int last_failure_ = 0;       // wait status
  bool stopped_ = false;
  std::string cannot_start_;
  std::vector<std::string> news_;
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_LOAD_H_
