// SPDX-License-Identifier: Apache-2.0
//
// Blocked, and read from a descriptor.

#include "symbolizer/soak/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace silt::soak {

Signals::Signals() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&taken, signal);
  sigprocmask(SIG_BLOCK, &taken, &before_);
  fd_ = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void Signals::wait(std::chrono::steady_clock::duration longest) const {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  pollfd event{fd_, POLLIN, 0};
  poll(&event, 1, static_cast<int>(std::clamp<int64_t>(count, 0, 1000)));
}

int Signals::next_request() const {
  signalfd_siginfo info{};
  while (fd_ >= 0 && ::read(fd_, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGCHLD) return static_cast<int>(info.ssi_signo);
  }
  return 0;
}

}  // namespace silt::soak
