// SPDX-License-Identifier: Apache-2.0
//
// Which thread of a process a signal disturbs least. One that waits in a call which the kernel
// takes up again after a handler (SA_RESTART) notices nothing, nor does one that sleeps or waits in
// a call that silt hooks (interposer: hook/own_signals.h), if it does so through libc. Whatever
// else waits may return EINTR, which some programs take for their end. The kernel itself prefers
// the main thread.

#ifndef SILT_SYMBOLIZER_PROCESS_QUIET_THREAD_H_
#define SILT_SYMBOLIZER_PROCESS_QUIET_THREAD_H_

#include <sys/types.h>

#include <string_view>

namespace silt::process {

// Whether /proc/PID/task/TID/syscall shows a wait that goes on after a handler: for a lock or a
// condition without a time limit, or for a child. (See signal(7), "Interruption of system calls".)
bool waits_restartably(std::string_view syscall_line);

// Whether it shows a wait that goes on in a hook of silt's, unless the program made it without
// libc.
bool waits_in_hook(std::string_view syscall_line);

// A thread that waits so and does not block the signal, sooner the first way than the other; 0:
// there is none, or the kernel does not tell.
pid_t find_quiet_thread(pid_t pid, int signal);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_QUIET_THREAD_H_
