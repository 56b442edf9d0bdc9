// SPDX-License-Identifier: Apache-2.0
//
// See copy.h.

#include "interposer/owners/copy.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/system_call.h"
#include "interposer/track/recorder.h"

namespace silt::owners {
namespace {

// No tracer of the program's is handed the copy, and none stops it.
constexpr long kBetween = CLONE_VM | CLONE_VFORK | CLONE_UNTRACED;
constexpr long kTheCopy = CLONE_PARENT_SETTID | CLONE_UNTRACED;

constinit std::atomic<int32_t> g_child{0};  // a copy that is a child; 0: none
constinit int32_t g_pid = 0;                // of the newest copy

bool takes_in_orphans() {
  if (base::system_call(SYS_getpid) == 1) return true;
  int subreaper = 0;
  base::system_call(SYS_prctl, PR_GET_CHILD_SUBREAPER, reinterpret_cast<long>(&subreaper));
  return subreaper != 0;
}

bool may_clone(long flags) {
  if (!base::sandbox.active()) return true;
  const long arguments[] = {flags, 0, 0, 0, 0, 0};
  return base::sandbox.survives(SYS_clone, arguments);
}

// Where whoever answers system calls knows a fork and no other clone (an emulator of programs, as
// containers of another processor run in), the copy is a child like any other. The program is told
// of its end by SIGCHLD, so that this is done only while nobody handles that signal; a program that
// waits for any child may be handed it.
constexpr long kPlainCopy = SIGCHLD;

bool may_be_plain_child() {
  struct {
    const void* handler;
    uint64_t flags;
    const void* restorer;
    uint64_t mask;
  } now{};
  const long result = base::system_call(SYS_rt_sigaction, SIGCHLD, 0, reinterpret_cast<long>(&now),
                                        sizeof(now.mask));
  return result == 0 && reinterpret_cast<uintptr_t>(now.handler) <= 1;  // SIG_DFL, SIG_IGN
}

long clone_here(long flags) {
  const long result = base::system_call(SYS_clone, flags, 0, 0, 0, 0);
  if (result > 0) {
    g_pid = static_cast<int32_t>(result);
    g_child.store(g_pid, std::memory_order_release);
  }
  return result;
}

Copy made(long result) {
  if (result == 0) return {true, 0, 0};
  return result < 0 ? Copy{false, 0, static_cast<int>(-result)} : Copy{false, g_pid, 0};
}

}  // namespace

Copy make_copy(bool as_child, bool maybe_seen) {
  constexpr int kForbidden = 1;  // EPERM
  if (!may_clone(kTheCopy) || !may_clone(kBetween)) return {false, 0, kForbidden};
  as_child = as_child || takes_in_orphans();
  // The copy finds the table of mappings whole.
  const base::SpinGuard guard(track::recorder.mappings.lock());
  g_pid = 0;
  const auto known = [maybe_seen](long result) {
    if (!maybe_seen || result != -EINVAL) return result;
    if (!may_clone(kPlainCopy) || !may_be_plain_child()) return result;
    return clone_here(kPlainCopy);
  };
  if (as_child) return made(known(clone_here(CLONE_UNTRACED)));
  const long between = arch::clone_grandchild(kBetween, kTheCopy, &g_pid);
  if (between <= 0) return made(known(between));
  int status = 0;
  long waited;
  do {
    waited = base::system_call(SYS_wait4, between, reinterpret_cast<long>(&status), __WCLONE, 0);
  } while (waited == -EINTR);
  if (waited == between && WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    return {false, 0, WEXITSTATUS(status)};
  }
  return made(between);
}

bool copy_is_there() { return g_pid > 0 && base::system_call(SYS_kill, g_pid, 0) == 0; }

void take_in(bool wait) {
  int32_t child = g_child.load(std::memory_order_relaxed);
  if (child == 0) return;
  const int options = __WALL | (wait ? 0 : WNOHANG);
  long result;
  do {
    result = base::system_call(SYS_wait4, child, 0, options, 0);
  } while (wait && result == -EINTR);
  if (result != 0) g_child.compare_exchange_strong(child, 0, std::memory_order_relaxed);
}

void forget_copy() {
  g_child.store(0, std::memory_order_relaxed);
  g_pid = 0;
}

}  // namespace silt::owners
