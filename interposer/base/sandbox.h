// SPDX-License-Identifier: Apache-2.0
//
// The seccomp filters that the program has put on itself, as far as silt saw it (the hooks of prctl
// and syscall tell), and the answer to one question: would this system call be the end of the
// program? Filters are small programs in the kernel's old packet filter language; a copy of each is
// kept and run here. A filter that answers with an error needs no care: the kernel gives the error.
//
// Filters are only ever added. Those of one thread count for all. Any context.

#ifndef SILT_INTERPOSER_BASE_SANDBOX_H_
#define SILT_INTERPOSER_BASE_SANDBOX_H_

#include <linux/filter.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace silt::base {

// The filter's answer (SECCOMP_RET_*) for a call described by `data`, a struct seccomp_data as
// 32-bit words. A program that the kernel would not have taken kills.
uint32_t run_filter(const sock_filter* program, size_t size, const uint32_t* data);

class Sandbox {
 public:
  static constexpr long kRefused = -EPERM;

  struct Filter {
    const Filter* next;
    size_t size;
    sock_filter program[];
  };

  bool active() const { return active_.load(std::memory_order_relaxed); }

  // False when the call would kill the thread, or be answered by a signal.
  bool survives(long number, const long* arguments) const;

  // A copy, made before the filter is in force: afterwards there may be no memory to be had.
  // nullptr also where the kernel will answer EFAULT.
  static Filter* copy(const sock_fprog* program);
  static void discard(Filter* filter);
  // Whether a handler could still return under this filter; not for one that could not be copied.
  static bool lets_handlers_return(const Filter* filter);
  // In force from now on. nullptr: it could not be copied, so nothing is believed to survive.
  void add(Filter* filter);
  // Nothing but read, write, exit and the return from a handler; no time stamp counter either.
  void add_strict();
  // It was asked for, and refused: only to find out what the kernel can do, as libraries do.
  void take_back_strict();
  // PR_SET_TSC: reading the time stamp counter is a fault.
  void forbid_counter(bool forbidden);
  bool counter_forbidden() const { return counter_forbidden_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> active_{false};
  std::atomic<bool> strict_{false};
  std::atomic<bool> counter_forbidden_{false};
  std::atomic<const Filter*> filters_{nullptr};
};

extern Sandbox sandbox;

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_SANDBOX_H_
