// SPDX-License-Identifier: Apache-2.0
//
// What the hooks of waiting calls share: whether a call came to its end by a signal of silt's, of
// which the program is to know nothing, and how much is left of the time that it was to wait. Such
// a hook calls the real function, compares, and only if it was interrupted calls it again. Any
// context.

#ifndef SILT_INTERPOSER_HOOK_OWN_SIGNALS_H_
#define SILT_INTERPOSER_HOOK_OWN_SIGNALS_H_

#include <errno.h>
#include <time.h>

#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/system_call.h"
#include "interposer/track/thread_state.h"

namespace silt::hook {

// Begun before the real call. signal-safety.md tells what cannot be seen.
class OwnSignals {
 public:
  // Whether a call that returned this was ended by silt's signals alone.
  SILT_ALWAYS_INLINE bool ended(long result) const {
    return result == -1 && errno == EINTR && came();
  }

  // The same, asked when it is known to be interrupted. What is answered for is forgotten: a call
  // that a handler of the program made is not the one that the handler interrupted.
  bool came() const {
    std::atomic<uint32_t>& count = track::thread_local_part.own_signals;
    if (count.load(std::memory_order_relaxed) == before_) return false;
    count.store(before_, std::memory_order_relaxed);
    return true;
  }

 private:
  const uint32_t before_ = track::thread_local_part.own_signals.load(std::memory_order_relaxed);
};

// Begins to run before the real call: reading the counter is all that an undisturbed call pays.
class WaitingTime {
 public:
  // One that has no limit need not be measured.
  SILT_ALWAYS_INLINE explicit WaitingTime(bool limited) : begin_(limited ? base::ticks() : 0) {}

  // What is left of so many nanoseconds, 0 if nothing is; false when nobody can tell.
  bool left_of(int64_t all_ns, int64_t* left_ns) const;
  // The same of milliseconds, rounded up, and of a time that the kernel has accepted.
  bool left_of(int all_ms, int* left_ms) const;
  bool left_of(const struct timespec& all, struct timespec* left) const;

 private:
  uint64_t begin_;
};

// From when on ticks are compared with the clock. Normal context, once, before there are signals.
void begin_to_measure();

// Waits on after `signals` ended the call: by `again`, which returns what the real call does, or
// -1 with EINTR where the time that is left cannot be told. errno as if there had been one call.
template <typename Again>
SILT_COLD long wait_on(const OwnSignals& signals, int errno_before, Again again) {
  long result;
  do {
    result = again();
  } while (signals.ended(result));
  if (result != -1) errno = errno_before;
  return result;
}

inline long give_up_waiting() {
  errno = EINTR;
  return -1;
}

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_OWN_SIGNALS_H_
