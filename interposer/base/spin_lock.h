// SPDX-License-Identifier: Apache-2.0
//
// A lock for the rare cold sections that have one writer at a time (deriving a frame rule, editing
// the mapping table). Whoever holds it never blocks, is not interrupted by a signal handler, never
// calls the target's code, and never takes another lock, so that waiting for it is bounded; the
// fork handlers take every one of these so that a child never inherits a held one. A raw clone
// calls no handlers: its child takes over a lock whose holder was not copied along. Hook context.

#ifndef SILT_INTERPOSER_BASE_SPIN_LOCK_H_
#define SILT_INTERPOSER_BASE_SPIN_LOCK_H_

#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"

namespace silt::base {

class SpinLock {
 public:
  bool try_lock() {
    uint32_t free = 0;
    return holder_.compare_exchange_strong(free, process_number(), std::memory_order_acquire,
                                           std::memory_order_relaxed);
  }

  void lock() {
    for (unsigned spins = 0; !try_lock(); ++spins) {
      arch::pause();
      if (spins % 64 != 63) continue;
      if (spins < kSpinsBeforeSleep) {
        system_call(SYS_sched_yield);
      } else {
        if (take_from_nobody()) return;
        // Yielding lets no thread of a lower real-time priority run; sleeping does.
        const struct timespec pause { 0, 50000 };
        system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
      }
    }
  }

  void unlock() { holder_.store(0, std::memory_order_release); }

  // The lock was once found held by a thread that this process does not have: what it guards may
  // have been copied in the middle of a change.
  bool was_abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned kSpinsBeforeSleep = 4096;

  bool take_from_nobody() {
    if (!in_own_process()) return false;
    uint32_t holder = holder_.load(std::memory_order_relaxed);
    const uint32_t own = process_number();
    if (holder == 0 || holder == own ||
        !holder_.compare_exchange_strong(holder, own, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
      return false;
    }
    abandoned_.store(true, std::memory_order_relaxed);
    return true;
  }

  std::atomic<uint32_t> holder_{0};  // number of the holder's process, 0: free
  std::atomic<bool> abandoned_{false};
};

class SpinGuard {
 public:
  explicit SpinGuard(SpinLock& lock) : blocked_((touch_stack(), block_signals())), lock_(lock) {
    lock_.lock();
  }
  ~SpinGuard() {
    lock_.unlock();
    restore_signals(blocked_);
  }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  const SignalSet blocked_;  // before the lock is taken, until after it is given back
  SpinLock& lock_;
};

// One of several locked sections within a stretch of code that signals leave alone.
class SpinGuardWithin {
 public:
  SpinGuardWithin(LazilyBlockedSignals& blocked, SpinLock& lock) : lock_(lock) {
    blocked.block();
    lock_.lock();
  }
  ~SpinGuardWithin() { lock_.unlock(); }
  SpinGuardWithin(const SpinGuardWithin&) = delete;
  SpinGuardWithin& operator=(const SpinGuardWithin&) = delete;

 private:
  SpinLock& lock_;
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_SPIN_LOCK_H_
