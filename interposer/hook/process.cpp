// SPDX-License-Identifier: Apache-2.0
//
// Forks, and the ways out of a process that pass exit() by. Hook context.

#include "interposer/hook/process.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/open_files.h"
#include "interposer/base/process_identity.h"
#include "interposer/hook/guard.h"

namespace silt::hook {
namespace {

using Forked = void (*)();
constinit Forked g_forked = nullptr;
// The forking thread's own. Threads that fork at the same time run their fork handlers at the same
// time; this is written and read by the one that holds the tables' locks.
struct BeforeFork {
  Mode mode;
  const void* hook_frame;
  base::SignalSet blocked;
};
constinit BeforeFork g_before_fork{};

void before_fork() {
  ThreadLocal& local = track::thread_local_part;
  const BeforeFork before{local.mode, local.hook_frame, base::block_signals()};
  // A later fork handler that allocates must pass by: the locks are held.
  local.hook_frame = reinterpret_cast<const void*>(UINTPTR_MAX);
  local.mode = Mode::kInHook;
  track::prepare_fork();
  base::hold_files_before_fork();
  g_before_fork = before;
}

void go_on_after_fork(ThreadLocal& local, const BeforeFork& before) {
  local.hook_frame = before.hook_frame;
  leave(local, before.mode);
  base::restore_signals(before.blocked);
}

void after_fork_in_parent() {
  const BeforeFork before = g_before_fork;
  base::release_files_after_fork();
  track::finish_fork_in_parent();
  go_on_after_fork(track::thread_local_part, before);
}

void after_fork_in_child() {
  ThreadLocal& local = track::thread_local_part;
  base::remember_process();
  base::close_files_of_parent(true);
  track::finish_fork_in_child();
  local.pending.store(0, std::memory_order_relaxed);  // that was asked of the parent
  if (g_forked != nullptr) g_forked();
  // What a hook has in hand that this fork interrupted stays until the next one.
  if (g_before_fork.mode != Mode::kInHook && recorder.leave_to_parent != nullptr) {
    recorder.leave_to_parent();
  }
  go_on_after_fork(local, g_before_fork);
}

}  // namespace

void watch_forks() {
  static constinit std::atomic<bool> watched{false};
  if (watched.exchange(true, std::memory_order_relaxed)) return;
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void watch_process(void (*forked)()) {
  g_forked = forked;
  at_quick_exit([] {
    if (recorder.at_exit != nullptr) recorder.at_exit();
  });
}

}  // namespace silt::hook

extern "C" {

SILT_EXPORT __attribute__((noreturn)) void _exit(int status) {
  if (silt::hook::recorder.at_exit != nullptr) silt::hook::recorder.at_exit();
  if (silt::hook::real.exit_now != nullptr) silt::hook::real.exit_now(status);
  for (;;) silt::arch::raw_syscall(SYS_exit_group, status);
}

SILT_EXPORT __attribute__((noreturn)) void _Exit(int status) { _exit(status); }

}  // extern "C"
