// SPDX-License-Identifier: Apache-2.0
//
// The kernel's own answer to what time it is: clock_gettime may be another preloaded library's,
// which allocates or takes locks, and whose time need not be true. Any context.

#ifndef SILT_INTERPOSER_BASE_CLOCK_H_
#define SILT_INTERPOSER_BASE_CLOCK_H_

#include <sys/syscall.h>
#include <time.h>

#include <cstdint>

#include "interposer/base/system_call.h"

namespace silt::base {

inline uint64_t clock_ns(clockid_t clock) {
  struct timespec now {};
  system_call(SYS_clock_gettime, clock, reinterpret_cast<long>(&now));
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_CLOCK_H_
