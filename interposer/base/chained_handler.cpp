// SPDX-License-Identifier: Apache-2.0
//
// See chained_handler.h.

#include "interposer/base/chained_handler.h"

#include <cstdint>
#include <initializer_list>

namespace silt::base {

constinit ChainedHandler chained_handler{};
constinit ChainedHandler asking_handler{};
constinit ChainedHandler fault_handler{};

namespace {
constinit std::atomic<uint64_t> g_noted_wishes{0};  // bit N - 1: signal N
}

ChainedHandler* chain_of(int signal_number) {
  if (signal_number == 0) return nullptr;
  if (signal_number == chained_handler.signal_number()) return &chained_handler;
  if (signal_number == asking_handler.signal_number()) return &asking_handler;
  if (signal_number == fault_handler.signal_number()) return &fault_handler;
  return nullptr;
}

void adopt_wish(struct sigaction* ours, const struct sigaction& wish) {
  if (wish.sa_handler == SIG_DFL || wish.sa_handler == SIG_IGN) {
    ours->sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    // Faults kill who blocks them.
    sigfillset(&ours->sa_mask);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) {
      sigdelset(&ours->sa_mask, fault);
    }
    return;
  }
  ours->sa_flags = SA_SIGINFO | (wish.sa_flags & (SA_ONSTACK | SA_RESTART | SA_NODEFER));
  ours->sa_mask = wish.sa_mask;
}

void note_wish(int signal_number) {
  if (signal_number < 1 || signal_number > 64) return;
  g_noted_wishes.fetch_or(uint64_t{1} << (signal_number - 1), std::memory_order_relaxed);
}

bool wish_was_noted(int signal_number) {
  return (g_noted_wishes.load(std::memory_order_relaxed) >> (signal_number - 1) & 1) != 0;
}

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
