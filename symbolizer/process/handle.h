// SPDX-License-Identifier: Apache-2.0
//
// One process and no other: a pid may be another process's as soon as its first owner has ended. A
// handle is opened first and what /proc says about the pid is read after; as long as the process is
// then still there, all of it was about this process, and a signal can only ever reach it.

#ifndef SILT_SYMBOLIZER_PROCESS_HANDLE_H_
#define SILT_SYMBOLIZER_PROCESS_HANDLE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace silt::process {

class ProcessHandle {
 public:
  explicit ProcessHandle(pid_t pid);
  ~ProcessHandle();
  ProcessHandle(const ProcessHandle&) = delete;
  ProcessHandle& operator=(const ProcessHandle&) = delete;

  // Waits so long, or until the process has ended; true when it has.
  bool ended_within(std::chrono::milliseconds time) const;
  bool has_ended() const { return ended_within(std::chrono::milliseconds(0)); }

  // Queues a signal that carries `value`. 0 or an errno: ESRCH when the process has ended. To one
  // of its threads if that is not 0 and still there; the kernel then knows no handle, so the
  // process is seen to be alive right before.
  int send(int signal, uint64_t value, pid_t thread = 0) const;

 private:
  const pid_t pid_;
  const int fd_;            // -1 on kernels that have no such thing, and where it has ended
  const uint64_t started_;  // of /proc/PID/stat, for those kernels; 0: not known
};

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_HANDLE_H_
