// SPDX-License-Identifier: Apache-2.0
//
// The program's own wish for silt's signal: kept, handed back, and called as the kernel would.

#include "interposer/base/chained_handler.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

namespace silt::base {
namespace {

int simple_calls = 0;
int detailed_calls = 0;
siginfo_t* last_info = nullptr;
void* last_context = nullptr;

void simple(int) { ++simple_calls; }
void detailed(int, siginfo_t* info, void* context) {
  ++detailed_calls;
  last_info = info;
  last_context = context;
}

struct sigaction with_handler(void (*handler)(int), int flags = 0) {
  struct sigaction wish {};
  wish.sa_handler = handler;
  wish.sa_flags = flags;
  return wish;
}

}  // namespace

TEST_CASE("an all-zero chain claims no signal and has no handler") {
  ChainedHandler chain{};
  CHECK(chain.signal_number() == 0);
  CHECK_FALSE(chain.has_handler());
  CHECK_FALSE(chain.ignored());
}

TEST_CASE("claiming keeps what the program had before") {
  ChainedHandler chain{};
  chain.claim(SIGUSR2, with_handler(simple, SA_RESTART));
  CHECK(chain.signal_number() == SIGUSR2);
  CHECK(chain.has_handler());
  const struct sigaction before = chain.exchange(nullptr);
  CHECK(before.sa_handler == simple);
  CHECK(before.sa_flags == SA_RESTART);
}

TEST_CASE("an exchange answers with the wish before, a question changes nothing") {
  ChainedHandler chain{};
  chain.claim(SIGUSR2, with_handler(SIG_DFL));
  const struct sigaction first = with_handler(simple);
  const struct sigaction second = with_handler(SIG_IGN);
  CHECK(chain.exchange(&first).sa_handler == SIG_DFL);
  CHECK(chain.exchange(nullptr).sa_handler == simple);
  CHECK(chain.exchange(nullptr).sa_handler == simple);
  CHECK(chain.exchange(&second).sa_handler == simple);
  CHECK(chain.ignored());
  CHECK_FALSE(chain.has_handler());
  CHECK(chain.exchange(&first).sa_handler == SIG_IGN);
}

TEST_CASE("both forms of handler are called with what the kernel gave") {
  ChainedHandler chain{};
  chain.claim(SIGUSR2, with_handler(simple));
  siginfo_t info{};
  int context = 0;
  simple_calls = detailed_calls = 0;
  chain.call(SIGUSR2, &info, &context);
  CHECK(simple_calls == 1);
  struct sigaction wish {};
  wish.sa_sigaction = detailed;
  wish.sa_flags = SA_SIGINFO;
  chain.exchange(&wish);
  chain.call(SIGUSR2, &info, &context);
  CHECK(simple_calls == 1);
  CHECK(detailed_calls == 1);
  CHECK(last_info == &info);
  CHECK(last_context == &context);
}

TEST_CASE("default and ignore call nothing") {
  ChainedHandler chain{};
  siginfo_t info{};
  simple_calls = 0;
  chain.claim(SIGUSR2, with_handler(SIG_DFL));
  chain.call(SIGUSR2, &info, nullptr);
  chain.claim(SIGUSR2, with_handler(SIG_IGN));
  chain.call(SIGUSR2, &info, nullptr);
  CHECK(simple_calls == 0);
}

TEST_CASE("a handler that asked for one call gets one") {
  ChainedHandler chain{};
  chain.claim(SIGUSR2, with_handler(simple, static_cast<int>(SA_RESETHAND)));
  siginfo_t info{};
  simple_calls = 0;
  chain.call(SIGUSR2, &info, nullptr);
  chain.call(SIGUSR2, &info, nullptr);
  CHECK(simple_calls == 1);
  CHECK_FALSE(chain.has_handler());
}

TEST_CASE("a chain that was released is the program's alone, and keeps its wish") {
  ChainedHandler chain{};
  chain.claim(SIGURG, with_handler(simple));
  chain.release();
  CHECK(chain.signal_number() == 0);
  CHECK(chain.exchange(nullptr).sa_handler == simple);
}

TEST_CASE("a chain is found by its signal") {
  CHECK(chain_of(0) == nullptr);
  CHECK(chain_of(SIGURG) == nullptr);
  chained_handler.claim(SIGUSR2, with_handler(SIG_DFL));
  asking_handler.claim(SIGURG, with_handler(SIG_DFL));
  CHECK(chain_of(SIGUSR2) == &chained_handler);
  CHECK(chain_of(SIGURG) == &asking_handler);
  CHECK(chain_of(SIGUSR1) == nullptr);
  chained_handler.release();
  asking_handler.release();
  CHECK(chain_of(SIGUSR2) == nullptr);
}

TEST_CASE("the program's masks and flags are taken over, where it has no handler all others wait") {
  struct sigaction ours {};
  struct sigaction wish = with_handler(simple, SA_NODEFER | static_cast<int>(SA_RESETHAND));
  sigaddset(&wish.sa_mask, SIGTERM);
  adopt_wish(&ours, wish);
  CHECK(ours.sa_flags == (SA_SIGINFO | SA_NODEFER));
  CHECK(sigismember(&ours.sa_mask, SIGTERM) == 1);
  wish.sa_handler = SIG_IGN;
  adopt_wish(&ours, wish);
  CHECK(ours.sa_flags == (SA_SIGINFO | SA_RESTART | SA_ONSTACK));
  CHECK(sigismember(&ours.sa_mask, SIGTERM) == 1);
  CHECK(sigismember(&ours.sa_mask, SIGHUP) == 1);
  CHECK(sigismember(&ours.sa_mask, SIGSEGV) == 0);
}

TEST_CASE("what was said before silt came is told from what was inherited") {
  CHECK_FALSE(wish_was_noted(SIGUSR1));
  note_wish(SIGUSR1);
  note_wish(0);
  note_wish(65);
  CHECK(wish_was_noted(SIGUSR1));
  CHECK_FALSE(wish_was_noted(SIGUSR2));
}

}  // namespace silt::base
