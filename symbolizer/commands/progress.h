// SPDX-License-Identifier: Apache-2.0
//
// A line on a terminal that says how far the work is, once it takes longer than a second. It goes
// to standard error and is wiped when done, so it never mixes with a report.

#ifndef SILT_SYMBOLIZER_COMMANDS_PROGRESS_H_
#define SILT_SYMBOLIZER_COMMANDS_PROGRESS_H_

#include <chrono>

namespace silt::commands {

class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` is 0..1.
  void tell(const char* what, double done);

 private:
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
  bool terminal_ = false;
  bool shown_ = false;
};

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_PROGRESS_H_
