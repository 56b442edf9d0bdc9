// SPDX-License-Identifier: Apache-2.0
//
// Runtimes that wait for the moment at which they may be joined: the recorder calls one function,
// now and then while the program allocates, and another some time after a library was opened; more
// than one runtime may be waiting for either.

#ifndef SILT_INTERPOSER_RUNTIME_AWAITING_H_
#define SILT_INTERPOSER_RUNTIME_AWAITING_H_

#include <atomic>
#include <bit>
#include <cstdint>

namespace silt::runtime {

using Await = void (*)();

// It is called from now on, in hook context, by any thread, until it is taken back. Any context.
void start_awaiting(Await await);
void stop_awaiting(Await await);

// It is called from now on some time after code came by dlopen, in hook context, by any thread.
// At start-up only, where nothing else runs.
void when_code_comes(Await look);

// A look for a runtime costs system calls for each library there is: of the occasions for one, the
// first, second, fourth, … are due. Any context.
class Occasions {
 public:
  // Counts one more. Its number if it is due, else 0.
  uint32_t count() {
    const uint32_t number = number_.fetch_add(1, std::memory_order_relaxed) + 1;
    return std::has_single_bit(number) ? number : 0;
  }
  void begin_again() { number_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> number_{0};
};

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_AWAITING_H_
