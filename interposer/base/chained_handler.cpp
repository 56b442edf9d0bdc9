// SPDX-License-Identifier: Apache-2.0
//
// See chained_handler.h.

#include "interposer/base/chained_handler.h"

namespace silt::base {

constinit ChainedHandler chained_handler{};

void ChainedHandler::claim(int signal_number, const struct sigaction& previous) {
  exchange(&previous);
  signal_.store(signal_number, std::memory_order_release);
}

struct sigaction ChainedHandler::exchange(const struct sigaction* wish) {
  const struct sigaction before = current();
  if (wish != nullptr) {
    const unsigned place = claimed_.fetch_add(1, std::memory_order_relaxed) + 1;
    wishes_[place % kCopies] = *wish;
    current_.store(place, std::memory_order_release);
  }
  return before;
}

bool ChainedHandler::has_handler() const {
  const struct sigaction& wish = current();
  return wish.sa_handler != SIG_DFL && wish.sa_handler != SIG_IGN;
}

bool ChainedHandler::ignored() const { return current().sa_handler == SIG_IGN; }

void ChainedHandler::call(int signal_number, siginfo_t* info, void* context) {
  const struct sigaction wish = current();
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
