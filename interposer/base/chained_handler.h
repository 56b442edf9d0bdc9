// SPDX-License-Identifier: Apache-2.0
//
// What the program wants to happen on a signal that silt uses: SILT_SIGNAL, and the one that the
// tool sends. Our handler stays installed; the program's sigaction calls for that signal are kept
// here and its handler is called for signals that are not silt's. Written by the hooks of sigaction
// and signal, read in signal context.

#ifndef SILT_INTERPOSER_BASE_CHAINED_HANDLER_H_
#define SILT_INTERPOSER_BASE_CHAINED_HANDLER_H_

#include <signal.h>

#include <atomic>

namespace silt::base {

class ChainedHandler {
 public:
  // 0: silt uses no signal.
  int signal_number() const { return signal_.load(std::memory_order_acquire); }
  void claim(int signal_number, const struct sigaction& previous);
  // From now on the signal is the program's alone.
  void release() { signal_.store(0, std::memory_order_release); }

  // The program's wish, and what it was before.
  struct sigaction exchange(const struct sigaction* wish);
  bool has_handler() const;
  bool ignored() const;

  // Signal context. Calls the program's handler.
  void call(int signal_number, siginfo_t* info, void* context);

 private:
  static constexpr unsigned kCopies = 32;

  const struct sigaction& current() const {
    return wishes_[current_.load(std::memory_order_acquire) % kCopies];
  }

  // Every wish is written to the next of these places and published afterwards, so that a handler
  // reads a whole one: its place is not written again before thirty other calls of sigaction.
  struct sigaction wishes_[kCopies] {};
  std::atomic<unsigned> claimed_{0};
  std::atomic<unsigned> current_{0};
  std::atomic<int> signal_{0};
};

extern ChainedHandler chained_handler;  // of SILT_SIGNAL
extern ChainedHandler asking_handler;   // of the tool's, unless that is the same
extern ChainedHandler fault_handler;    // of SIGBUS, where there is a black box

// The chain of a signal, or nullptr when silt does not use it.
ChainedHandler* chain_of(int signal_number);

// Our handler takes over the program's wishes for masks, restarts and stacks. Where the program has
// no handler it is silt's alone, which all other signals wait for.
void adopt_wish(struct sigaction* ours, const struct sigaction& wish);

// Signals whose handling was set in this process before silt claimed any: by a constructor that ran
// earlier. What is not among them was inherited. Any context.
void note_wish(int signal_number);
bool wish_was_noted(int signal_number);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_CHAINED_HANDLER_H_
