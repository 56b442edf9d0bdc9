// SPDX-License-Identifier: Apache-2.0
//
// See log.h. Any context.

#include "interposer/base/log.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include <atomic>

#include "interposer/base/arch.h"

namespace silt::base {
namespace {

constinit std::atomic<int> g_level{static_cast<int>(LogLevel::kWarn)};

}  // namespace

void set_log_level(LogLevel level) {
  g_level.store(static_cast<int>(level), std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
  return static_cast<int>(level) <= g_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, const char* text) {
  if (!log_enabled(level)) return;
  // One call for the whole line, and no buffer for it: this may run on a small stack.
  constexpr char kPrefix[] = "silt: ";
  const struct iovec parts[] = {
      {const_cast<char*>(kPrefix), sizeof(kPrefix) - 1},
      {const_cast<char*>(text), length(text)},
      {const_cast<char*>("\n"), 1},
  };
  arch::raw_syscall(SYS_writev, 2, reinterpret_cast<long>(parts), 3);
}

}  // namespace silt::base
