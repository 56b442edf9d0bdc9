// SPDX-License-Identifier: Apache-2.0
//
// See process_handle.h. Kernels before 5.3 have no pidfd: there the start time is compared right
// before a signal, which leaves a moment in which the pid could change hands.

#include "symbolizer/process/handle.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "symbolizer/process/facts.h"

namespace silt::process {
namespace {

uint64_t start_time(pid_t pid) {
  const auto text = read_proc(proc_path(pid, "stat"));
  return text ? start_in_stat(*text).value_or(0) : 0;
}

}  // namespace

ProcessHandle::ProcessHandle(pid_t pid)
    : pid_(pid),
      fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
      started_(start_time(pid)) {}

ProcessHandle::~ProcessHandle() {
  if (fd_ >= 0) close(fd_);
}

bool ProcessHandle::ended_within(std::chrono::milliseconds time) const {
  if (fd_ >= 0) {
    pollfd event{fd_, POLLIN, 0};
    return poll(&event, 1, static_cast<int>(time.count())) > 0;
  }
  std::this_thread::sleep_for(time);
  const uint64_t now = start_time(pid_);
  return now == 0 || now != started_;
}

int ProcessHandle::send(int signal, uint64_t value, pid_t thread) const {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(value);
  if (thread != 0 && !has_ended() &&
      syscall(SYS_rt_tgsigqueueinfo, pid_, thread, signal, &info) == 0) {
    return 0;
  }
  if (fd_ >= 0) {
    return syscall(SYS_pidfd_send_signal, fd_, signal, &info, 0) == 0 ? 0 : errno;
  }
  if (has_ended()) return ESRCH;
  return sigqueue(pid_, signal, info.si_value) == 0 ? 0 : errno;
}

}  // namespace silt::process
