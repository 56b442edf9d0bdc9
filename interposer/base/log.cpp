// SPDX-License-Identifier: Apache-2.0
//
// See log.h. Any context.

#include "interposer/base/log.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <atomic>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/system_call.h"

namespace silt::base {
namespace {

constinit std::atomic<int> g_level{static_cast<int>(LogLevel::kWarn)};

struct File {
  bool open;
  dev_t device;
  ino_t inode;
};
constinit File g_standard_error{};
constinit bool g_remembered = false;

File standard_error() {
  struct stat status {};
  const bool open = system_call(SYS_fstat, 2, reinterpret_cast<long>(&status)) == 0;
  return File{open, status.st_dev, status.st_ino};
}

bool is_still_there() {
  if (!g_remembered) return true;
  const File now = standard_error();
  return now.open && g_standard_error.open && now.device == g_standard_error.device &&
         now.inode == g_standard_error.inode;
}

}  // namespace

void remember_standard_error() {
  g_standard_error = standard_error();
  g_remembered = true;
}

void set_log_level(LogLevel level) {
  g_level.store(static_cast<int>(level), std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
  return static_cast<int>(level) <= g_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, const char* text) {
  if (!log_enabled(level) || !is_still_there()) return;
  // One call for the whole line, and no buffer for it: this may run on a small stack.
  constexpr char kPrefix[] = "silt: ";
  const struct iovec parts[] = {
      {const_cast<char*>(kPrefix), sizeof(kPrefix) - 1},
      {const_cast<char*>(text), length(text)},
      {const_cast<char*>("\n"), 1},
  };
  const BlockedSignals blocked;
  const SwallowedSignal unread(SIGPIPE);
  system_call(SYS_writev, 2, reinterpret_cast<long>(parts), 3);
}

}  // namespace silt::base
