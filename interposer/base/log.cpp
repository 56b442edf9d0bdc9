// SPDX-License-Identifier: Apache-2.0
//
// See log.h. Any context.

#include "interposer/base/log.h"

#include <sys/syscall.h>

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
  TextBuffer<1024> line;
  line.add("silt: ").add(text).add('\n');
  arch::raw_syscall(SYS_write, 2, reinterpret_cast<long>(line.c_str()),
                    static_cast<long>(line.size()));
}

}  // namespace silt::base
