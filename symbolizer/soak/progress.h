// SPDX-License-Identifier: Apache-2.0
//
// What a soak tells while it runs, on standard error: on a terminal one line that is rewritten,
// with remarkable events above it; elsewhere a plain line for each step, fit for a CI log.

#ifndef SILT_SYMBOLIZER_SOAK_PROGRESS_H_
#define SILT_SYMBOLIZER_SOAK_PROGRESS_H_

#include <chrono>
#include <string>

namespace silt::soak {

class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Something that stays to be read.
  void warn(const std::string& text);
  // A step on the way: a line of its own where there is no terminal.
  void step(const std::string& text);
  // Where we are; on a terminal only, and not more often than the eye can follow.
  void now(const std::string& text);
  void wipe();

 private:
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_PROGRESS_H_
