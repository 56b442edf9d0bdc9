// SPDX-License-Identifier: Apache-2.0
//
// Stretches of code that no signal handler may interrupt: those that hold a lock of ours. A handler
// may wait for another thread (collectors stop the world that way), leave by siglongjmp, or end the
// process; whoever holds a lock meanwhile would hold up, or lock out, everybody else. Two system
// calls, so for cold paths only. Any context.

#ifndef SILT_INTERPOSER_BASE_BLOCKED_SIGNALS_H_
#define SILT_INTERPOSER_BASE_BLOCKED_SIGNALS_H_

#include <cstdint>

namespace silt::base {

// As the kernel has them: bit N - 1 is signal N.
using SignalSet = uint64_t;

constexpr SignalSet signal_bit(int number) { return SignalSet{1} << (number - 1); }

// Blocks all signals but those that tell of a fault: one that is blocked kills without a word.
// Returns what was blocked before.
SignalSet block_signals();
void restore_signals(SignalSet previous);

// Those that wait to be unblocked, of the thread's own and of the process's. False: the kernel was
// not asked.
bool pending_signals(SignalSet* pending);
// Whether a handler is called for a signal, nobody's in particular; true where nobody can tell.
bool is_handled(int number);

// Touches the stack as far down as a locked section reaches. A program may run into the end of its
// stack anywhere, handle the fault on another stack and jump out; it must not do so out of a locked
// section. Called before the lock is taken.
void touch_stack();

class BlockedSignals {
 public:
  BlockedSignals() : previous_(block_signals()) {}
  ~BlockedSignals() { restore_signals(previous_); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  const SignalSet previous_;
};

// The same from the first call of `block` on, if there is one: for a stretch of code with several
// locked sections, mostly with none. Between two of them it goes no farther down the stack than
// touch_stack went.
class LazilyBlockedSignals {
 public:
  LazilyBlockedSignals() = default;
  ~LazilyBlockedSignals() { restore(); }
  LazilyBlockedSignals(const LazilyBlockedSignals&) = delete;
  LazilyBlockedSignals& operator=(const LazilyBlockedSignals&) = delete;

  void block() {
    if (blocked_) return;
    touch_stack();
    previous_ = block_signals();
    blocked_ = true;
  }
  void restore() {
    if (blocked_) restore_signals(previous_);
    blocked_ = false;
  }

 private:
  SignalSet previous_ = 0;
  bool blocked_ = false;
};

// While this lives a signal that a write of ours raises (SIGXFSZ past a limit on file size, SIGPIPE
// when nobody reads) does not reach the program. For code that runs with signals blocked.
class SwallowedSignal {
 public:
  explicit SwallowedSignal(int number);
  ~SwallowedSignal();
  SwallowedSignal(const SwallowedSignal&) = delete;
  SwallowedSignal& operator=(const SwallowedSignal&) = delete;

 private:
  const SignalSet bit_;
  const bool pending_before_;
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_BLOCKED_SIGNALS_H_
