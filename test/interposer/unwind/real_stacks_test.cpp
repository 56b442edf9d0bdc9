// SPDX-License-Identifier: Apache-2.0
//
// Rules and spine on real stacks: at every visit the spine must be libunwind's own walk, frame for
// frame and register for register, through code with and without frame pointers, the C library,
// signal handlers on two stacks, coroutines and threads.

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "interposer/unwind/reference_walk.h"
#include "interposer/unwind/spine.h"
#include "interposer/unwind/unwinder.h"
#include "test/interposer/unwind/real_frames.h"

namespace silt::unwind {
namespace {

using test::Descent;

RuleTable& rules() {
  static const auto table = [] {
    REQUIRE(open_unwinder());
    return std::make_unique<RuleTable>();
  }();
  return *table;
}

// What a thread has: its spine, and what went wrong so far.
struct Walker {
  std::unique_ptr<Spine> spine = std::make_unique<Spine>();
  std::vector<Frame> reference = std::vector<Frame>(kMaximumFrames);
  uint64_t walks = 0;
  uint64_t frames = 0;
  uint64_t kept = 0;
  uint64_t incomplete = 0;
  uint64_t stopped = 0;  // libunwind did not reach the outermost frame
  uint64_t differing = 0;
  uint64_t slow = 0;
};

// As a hook sees its caller.
__attribute__((noinline)) void check_here(Walker& walker) {
  const Frame frame = caller_of(SILT_CALL_FRAME);
  const Spine::Update update = walker.spine->update(rules(), frame);
  bool complete = false;
  const size_t count =
      reference_walk(frame.sp, walker.reference.data(), walker.reference.size(), &complete);
  ++walker.walks;
  walker.kept += update.kept;
  walker.frames += update.count;
  if (update.slow) ++walker.slow;
  if (update.ending != Ending::kComplete) ++walker.incomplete;
  if (!complete) ++walker.stopped;
  size_t at = 0;
  for (uint32_t i = update.count; i > 0; --i) {
    const Frame& found = walker.spine->frame(i - 1);
    if (found.pc == 0) continue;
    if (at == count || found.pc != walker.reference[at].pc || found.sp != walker.reference[at].sp ||
        (walker.spine->bp_live(i - 1) && found.bp != walker.reference[at].bp)) {
      ++walker.differing;
      return;
    }
    ++at;
  }
  if (at != count) ++walker.differing;
}

void visit(void* argument) {
  check_here(*static_cast<Walker*>(argument));
  asm volatile("" ::: "memory");
}

void descend(Walker& walker, std::mt19937_64& random, int deepest) {
  const bool pointers = random() % 2 == 0;
  Descent descent{
      random(), static_cast<int>(random() % static_cast<unsigned>(deepest)), visit, &walker,
      pointers ? test::frames_without_pointer::descend : test::frames_with_pointer::descend};
  if (pointers)
    test::frames_with_pointer::descend(&descent);
  else
    test::frames_without_pointer::descend(&descent);
}

void check_result(const Walker& walker, uint64_t walks) {
  CHECK(walker.walks == walks);
  CHECK(walker.differing == 0);
  CHECK(walker.incomplete == 0);
  CHECK(walker.slow == 0);
  CHECK(walker.kept > 0);
}

Walker* signal_walker = nullptr;
std::mt19937_64* signal_random = nullptr;

void handle(int) { descend(*signal_walker, *signal_random, 10); }

struct Interruption {
  Walker* walker;
};

void interrupt(void* argument) {
  visit(static_cast<Interruption*>(argument)->walker);
  raise(SIGUSR1);
  visit(static_cast<Interruption*>(argument)->walker);
}

void check_signals(bool alternate) {
  rules();
  Walker walker;
  std::mt19937_64 random(6);
  signal_walker = &walker;
  signal_random = &random;
  std::vector<char> memory(256 * 1024);
  stack_t stack{};
  stack_t previous{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  REQUIRE(sigaltstack(&stack, &previous) == 0);
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = handle;
  action.sa_flags = alternate ? SA_ONSTACK : 0;
  REQUIRE(sigaction(SIGUSR1, &action, &before) == 0);
  constexpr int kRounds = 300;
  Interruption interruption{&walker};
  for (int i = 0; i < kRounds; ++i) {
    Descent descent{random(), static_cast<int>(random() % 10), interrupt, &interruption,
                    test::frames_with_pointer::descend};
    test::frames_without_pointer::descend(&descent);
  }
  sigaction(SIGUSR1, &before, nullptr);
  sigaltstack(&previous, nullptr);
  check_result(walker, 3 * kRounds);
}

}  // namespace

TEST_CASE("real frames of every kind are walked as libunwind walks them") {
  rules();
  Walker walker;
  std::mt19937_64 random(5);
  constexpr int kRounds = 3000;
  for (int i = 0; i < kRounds; ++i) descend(walker, random, 40);
  check_result(walker, kRounds);
}

TEST_CASE("the same way down again is kept whole but for the innermost frame") {
  rules();
  Walker walker;
  Descent first{77, 30, visit, &walker, test::frames_with_pointer::descend};
  for (int i = 0; i < 50; ++i) {
    Descent descent = first;
    test::frames_without_pointer::descend(&descent);
  }
  check_result(walker, 50);
  CHECK(walker.kept >= walker.frames * 48 / 50);
}

TEST_CASE("signal handlers on the interrupted stack are walked through") { check_signals(false); }

TEST_CASE("signal handlers on an alternate stack are walked through") { check_signals(true); }

TEST_CASE("a fault's exact pc is not looked up one before") {
  rules();
  // The handler's caller is an instruction, not a call: its rule is that of its own address.
  static Walker* faulting = nullptr;
  Walker walker;
  faulting = &walker;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    visit(faulting);
    SILT_TEST_SKIP_FAULT(static_cast<ucontext_t*>(context));
  };
  action.sa_flags = SA_SIGINFO;
  REQUIRE(sigaction(SIGILL, &action, &before) == 0);
  for (int i = 0; i < 10; ++i) asm volatile(SILT_TEST_FAULT ::: "memory");
  sigaction(SIGILL, &before, nullptr);
  check_result(walker, 10);
}

#ifndef __SANITIZE_THREAD__  // which would have to be told of each switch
namespace {

struct Coroutine {
  ucontext_t context{};
  ucontext_t* back = nullptr;
  void* memory = nullptr;
  Walker* walker = nullptr;
  uint64_t seed = 0;
};

constexpr size_t kCoroutineStack = 512 * 1024;
Coroutine* starting = nullptr;

void switch_back(void* argument) {
  auto* const self = static_cast<Coroutine*>(argument);
  visit(self->walker);
  swapcontext(&self->context, self->back);
  visit(self->walker);
}

void coroutine_main();

__attribute__((noinline)) void prepare(Coroutine& coroutine) {
  coroutine.memory =
      mmap(nullptr, kCoroutineStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(coroutine.memory != MAP_FAILED);
  REQUIRE(getcontext(&coroutine.context) == 0);
  coroutine.context.uc_stack.ss_sp = coroutine.memory;
  coroutine.context.uc_stack.ss_size = kCoroutineStack;
  makecontext(&coroutine.context, coroutine_main, 0);
}

void coroutine_main() {
  Coroutine* const self = starting;
  std::mt19937_64 random(self->seed);
  for (;;) {
    Descent descent{random(), static_cast<int>(random() % 20), switch_back, self,
                    test::frames_without_pointer::descend};
    test::frames_with_pointer::descend(&descent);
  }
}

}  // namespace

TEST_CASE("coroutines that take turns are walked each on its own stack") {
  rules();
  Walker walker;
  ucontext_t main_context{};
  constexpr int kCoroutines = 5;
  std::vector<std::unique_ptr<Coroutine>> coroutines;
  for (int i = 0; i < kCoroutines; ++i) {
    coroutines.push_back(std::make_unique<Coroutine>());
    coroutines.back()->back = &main_context;
    coroutines.back()->walker = &walker;
    coroutines.back()->seed = static_cast<uint64_t>(i);
    prepare(*coroutines.back());
  }
  std::mt19937_64 random(9);
  for (int i = 0; i < 2000; ++i) {
    starting = coroutines[random() % kCoroutines].get();
    REQUIRE(swapcontext(&main_context, &starting->context) == 0);
    visit(&walker);
  }
  CHECK(walker.walks > 4000);
  check_result(walker, walker.walks);
  for (const auto& coroutine : coroutines) munmap(coroutine->memory, kCoroutineStack);
}
#endif

TEST_CASE("threads share the rules and each has a spine of its own") {
  rules();
  constexpr unsigned kThreads = 4;
  std::vector<Walker> walkers(kThreads);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&walkers, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 400; ++i) descend(walkers[t], random, 30);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Walker& walker : walkers) check_result(walker, 400);
}

TEST_CASE("a walk deeper than the limit keeps the innermost frames") {
  rules();
  Walker walker;
  struct Deep {
    static __attribute__((noinline)) void go(Walker& walker, int depth) {
      if (depth > 0)
        go(walker, depth - 1);
      else
        check_here(walker);
      asm volatile("" ::: "memory");
    }
  };
  Deep::go(walker, 3000);
  CHECK(walker.spine->count() == kTruncatedFrames);
  for (uint32_t i = 0; i < kTruncatedFrames; ++i) {
    const Frame& found = walker.spine->frame(kTruncatedFrames - 1 - i);
    REQUIRE(found.pc == walker.reference[i].pc);
    REQUIRE(found.sp == walker.reference[i].sp);
  }
}

}  // namespace silt::unwind
