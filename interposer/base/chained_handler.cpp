// SPDX-License-Identifier: Apache-2.0
//
// See chained_handler.h.

#include "interposer/base/chained_handler.h"

namespace silt::base {

constinit ChainedHandler chained_handler{};

void ChainedHandler::claim(int signal_number, const struct sigaction& previous) {
  wishes_[0] = previous;
  current_.store(0, std::memory_order_relaxed);
  signal_.store(signal_number, std::memory_order_release);
}

struct sigaction ChainedHandler::exchange(const struct sigaction* wish) {
  const unsigned now = current_.load(std::memory_order_acquire) & 1;
  const struct sigaction before = wishes_[now];
  if (wish != nullptr) {
    wishes_[1 - now] = *wish;
    current_.store(1 - now, std::memory_order_release);
  }
  return before;
}

bool ChainedHandler::has_handler() const {
  const struct sigaction& wish = wishes_[current_.load(std::memory_order_acquire) & 1];
  return wish.sa_handler != SIG_DFL && wish.sa_handler != SIG_IGN;
}

bool ChainedHandler::ignored() const {
  return wishes_[current_.load(std::memory_order_acquire) & 1].sa_handler == SIG_IGN;
}

void ChainedHandler::call(int signal_number, siginfo_t* info, void* context) {
  const struct sigaction wish = wishes_[current_.load(std::memory_order_acquire) & 1];
  if ((wish.sa_flags & SA_RESETHAND) != 0) {
    struct sigaction reset {};
    reset.sa_handler = SIG_DFL;
    exchange(&reset);
  }
  if ((wish.sa_flags & SA_SIGINFO) != 0) {
    wish.sa_sigaction(signal_number, info, context);
  } else if (wish.sa_handler != SIG_DFL && wish.sa_handler != SIG_IGN) {
    wish.sa_handler(signal_number);
  }
}

}  // namespace silt::base
