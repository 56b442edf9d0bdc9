// SPDX-License-Identifier: Apache-2.0
//
// See quiet_thread.h. Reads and receives are left out: with a time limit on the socket they are not
// taken up again, which cannot be seen from outside.

#include "symbolizer/process/quiet_thread.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>

#include "symbolizer/process/facts.h"

namespace silt::process {

bool waits_restartably(std::string_view syscall_line) {
  // "202 0x7f.. 0x189 0x0 0x0 0x0 0xffffffff SP PC", or "running".
  const std::string line(syscall_line);
  char* end = nullptr;
  const long number = std::strtol(line.c_str(), &end, 10);
  if (end == line.c_str()) return false;
  if (number == SYS_wait4 || number == SYS_waitid) return true;
  if (number != SYS_futex) return false;
  uint64_t arguments[4] = {};
  for (uint64_t& argument : arguments) {
    char* const begin = end;
    argument = std::strtoull(begin, &end, 16);
    if (end == begin) return false;
  }
  const uint64_t operation = arguments[1] & FUTEX_CMD_MASK;
  const bool waits = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET;
  return waits && arguments[3] == 0;  // no time limit
}

bool waits_in_hook(std::string_view syscall_line) {
  // Not every processor has the older ones.
  constexpr long kHooked[] = {
#ifdef SYS_pause
      SYS_pause,
#endif
#ifdef SYS_poll
      SYS_poll,
#endif
#ifdef SYS_select
      SYS_select,
#endif
#ifdef SYS_epoll_wait
      SYS_epoll_wait,
#endif
#ifdef SYS_epoll_pwait2
      SYS_epoll_pwait2,
#endif
      SYS_nanosleep,    SYS_clock_nanosleep, SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
      SYS_ppoll,        SYS_pselect6,        SYS_epoll_pwait,   SYS_msgsnd,
      SYS_msgrcv,       SYS_semop,           SYS_semtimedop,
  };
  const std::string line(syscall_line);
  char* end = nullptr;
  const long number = std::strtol(line.c_str(), &end, 10);
  return end != line.c_str() &&
         std::find(std::begin(kHooked), std::end(kHooked), number) != std::end(kHooked);
}

pid_t find_quiet_thread(pid_t pid, int signal) {
  const uint64_t bit = uint64_t{1} << (signal - 1);
  pid_t hooked = 0;
  for (const pid_t thread : threads_of(pid)) {
    const std::string task = "task/" + std::to_string(thread);
    const auto call = read_proc(proc_path(pid, task + "/syscall"));
    if (!call) continue;
    const bool waits = waits_restartably(*call);
    if (!waits && (hooked != 0 || !waits_in_hook(*call))) continue;
    const auto text = read_proc(proc_path(pid, task + "/status"));
    const auto facts = text ? parse_status(*text) : std::nullopt;
    if (!facts || (facts->blocked & bit) != 0) continue;
    if (waits) return thread;
    hooked = thread;
  }
  return hooked;
}

}  // namespace silt::process
