// SPDX-License-Identifier: Apache-2.0
//
// A lock for the rare cold sections that have one writer at a time (deriving a frame rule, editing
// the mapping table). Whoever holds it never blocks, is not interrupted by a signal handler, never
// calls the target's code, and never takes another lock, so that waiting for it is bounded; the
// fork handlers take every one of these so that a child never inherits a held one. Hook context.

#ifndef SILT_INTERPOSER_BASE_SPIN_LOCK_H_
#define SILT_INTERPOSER_BASE_SPIN_LOCK_H_

#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"

namespace silt::base {

class SpinLock {
 public:
  bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }

  void lock() {
    for (unsigned spins = 0; !try_lock(); ++spins) {
      arch::pause();
      if (spins % 64 != 63) continue;
      if (spins < kSpinsBeforeSleep) {
        arch::raw_syscall(SYS_sched_yield);
      } else {
        // Yielding lets no thread of a lower real-time priority run; sleeping does.
        const struct timespec pause { 0, 50000 };
        arch::raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
      }
    }
  }

  // False when the lock could not be had in about `attempts` pauses.
  bool try_lock_for(unsigned attempts) {
    for (unsigned spins = 0; spins < attempts; ++spins) {
      if (try_lock()) return true;
      arch::pause();
      if (spins % 64 == 63) arch::raw_syscall(SYS_sched_yield);
    }
    return false;
  }

  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  static constexpr unsigned kSpinsBeforeSleep = 4096;

  std::atomic<bool> held_{false};
};

class SpinGuard {
 public:
  explicit SpinGuard(SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  const BlockedSignals blocked_;  // before the lock is taken, until after it is given back
  SpinLock& lock_;
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_SPIN_LOCK_H_
