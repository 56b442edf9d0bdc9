// SPDX-License-Identifier: Apache-2.0
//
// Signals that a soak reads between its steps instead of being ended by them. They are as they were
// before when the object goes.

#ifndef SILT_SYMBOLIZER_SOAK_SIGNALS_H_
#define SILT_SYMBOLIZER_SOAK_SIGNALS_H_

#include <signal.h>

#include <chrono>

namespace silt::soak {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  const sigset_t& mask_before() const { return before_; }

  // Sleeps until a signal comes, the end of a child among them, and not for longer than this.
  void wait(std::chrono::steady_clock::duration longest) const;
  // The next request to end, 0 when there is none.
  int next_request() const;

 private:
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_SIGNALS_H_
