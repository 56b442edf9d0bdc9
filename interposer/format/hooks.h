// SPDX-License-Identifier: Apache-2.0
//
// The functions that libsilt.so puts in front of others: the one list of them. The linker's version
// script and the check of what the library exports are made from it (scripts/hook_list.py), what it
// looks up is held against it, and the tool takes from it which functions hand out memory.

#ifndef SILT_INTERPOSER_FORMAT_HOOKS_H_
#define SILT_INTERPOSER_FORMAT_HOOKS_H_

#include <cstdint>
#include <string_view>

namespace silt::format {

enum class HookKind : uint8_t {
  kAllocate,  // C: gives a block, or another one for it
  kRelease,
  kMap,  // gives address space
  kUnmap,
  kNew,  // C++'s operators
  kDelete,
  kProcess,  // ends this program or begins another
  kSignal,
  kJump,
  kAnswer,  // found by name by somebody else's code: AddressSanitizer, node
  kOther,
};

// X(symbol, kind)
// clang-format off
#define SILT_HOOKS(X) \
  X(malloc, kAllocate)                                                                             \
  X(calloc, kAllocate)                                                                             \
  X(realloc, kAllocate)                                                                            \
  X(reallocarray, kAllocate)                                                                       \
  X(posix_memalign, kAllocate)                                                                     \
  X(aligned_alloc, kAllocate)                                                                      \
  X(memalign, kAllocate)                                                                           \
  X(valloc, kAllocate)                                                                             \
  X(pvalloc, kAllocate)                                                                            \
  X(free, kRelease)                                                                                \
  X(free_sized, kRelease)                                                                          \
  X(free_aligned_sized, kRelease)                                                                  \
  X(mmap, kMap)                                                                                    \
  X(mmap64, kMap)                                                                                  \
  X(mremap, kMap)                                                                                  \
  X(munmap, kUnmap)                                                                                \
  X(_Znwm, kNew)                                                                                   \
  X(_Znam, kNew)                                                                                   \
  X(_ZnwmRKSt9nothrow_t, kNew)                                                                     \
  X(_ZnamRKSt9nothrow_t, kNew)                                                                     \
  X(_ZnwmSt11align_val_t, kNew)                                                                    \
  X(_ZnamSt11align_val_t, kNew)                                                                    \
  X(_ZnwmSt11align_val_tRKSt9nothrow_t, kNew)                                                      \
  X(_ZnamSt11align_val_tRKSt9nothrow_t, kNew)                                                      \
  X(_ZdlPv, kDelete)                                                                               \
  X(_ZdaPv, kDelete)                                                                               \
  X(_ZdlPvRKSt9nothrow_t, kDelete)                                                                 \
  X(_ZdaPvRKSt9nothrow_t, kDelete)                                                                 \
  X(_ZdlPvm, kDelete)                                                                              \
  X(_ZdaPvm, kDelete)                                                                              \
  X(_ZdlPvSt11align_val_t, kDelete)                                                                \
  X(_ZdaPvSt11align_val_t, kDelete)                                                                \
  X(_ZdlPvmSt11align_val_t, kDelete)                                                               \
  X(_ZdaPvmSt11align_val_t, kDelete)                                                               \
  X(_ZdlPvSt11align_val_tRKSt9nothrow_t, kDelete)                                                  \
  X(_ZdaPvSt11align_val_tRKSt9nothrow_t, kDelete)                                                  \
  X(execve, kProcess)                                                                              \
  X(execv, kProcess)                                                                               \
  X(execvpe, kProcess)                                                                             \
  X(execvp, kProcess)                                                                              \
  X(execl, kProcess)                                                                               \
  X(execlp, kProcess)                                                                              \
  X(execle, kProcess)                                                                              \
  X(fexecve, kProcess)                                                                             \
  X(execveat, kProcess)                                                                            \
  X(posix_spawn, kProcess)                                                                         \
  X(posix_spawnp, kProcess)                                                                        \
  X(_exit, kProcess)                                                                               \
  X(_Exit, kProcess)                                                                               \
  X(sigaction, kSignal)                                                                            \
  X(signal, kSignal)                                                                               \
  X(bsd_signal, kSignal)                                                                           \
  X(ssignal, kSignal)                                                                              \
  X(__sysv_signal, kSignal)                                                                        \
  X(sysv_signal, kSignal)                                                                          \
  X(sigset, kSignal)                                                                               \
  X(sigignore, kSignal)                                                                            \
  X(sigprocmask, kSignal)                                                                          \
  X(sigwait, kSignal)                                                                              \
  X(sigwaitinfo, kSignal)                                                                          \
  X(sigtimedwait, kSignal)                                                                         \
  X(sleep, kSignal)                                                                                \
  X(usleep, kSignal)                                                                               \
  X(nanosleep, kSignal)                                                                            \
  X(clock_nanosleep, kSignal)                                                                      \
  X(pause, kSignal)                                                                                \
  X(sigsuspend, kSignal)                                                                           \
  X(poll, kSignal)                                                                                 \
  X(__poll_chk, kSignal)                                                                           \
  X(ppoll, kSignal)                                                                                \
  X(__ppoll_chk, kSignal)                                                                          \
  X(select, kSignal)                                                                               \
  X(pselect, kSignal)                                                                              \
  X(epoll_wait, kSignal)                                                                           \
  X(epoll_pwait, kSignal)                                                                          \
  X(epoll_pwait2, kSignal)                                                                         \
  X(msgsnd, kSignal)                                                                               \
  X(msgrcv, kSignal)                                                                               \
  X(semop, kSignal)                                                                                \
  X(semtimedop, kSignal)                                                                           \
  X(sem_timedwait, kSignal)                                                                        \
  X(sem_clockwait, kSignal)                                                                        \
  X(read, kSignal)                                                                                 \
  X(__read_chk, kSignal)                                                                           \
  X(recv, kSignal)                                                                                 \
  X(__recv_chk, kSignal)                                                                           \
  X(recvfrom, kSignal)                                                                             \
  X(__recvfrom_chk, kSignal)                                                                       \
  X(recvmsg, kSignal)                                                                              \
  X(accept, kSignal)                                                                               \
  X(accept4, kSignal)                                                                              \
  X(longjmp, kJump)                                                                                \
  X(_longjmp, kJump)                                                                               \
  X(siglongjmp, kJump)                                                                             \
  X(__longjmp_chk, kJump)                                                                          \
  X(dlopen, kOther)                                                                                \
  X(dlclose, kOther)                                                                               \
  X(mlockall, kOther)                                                                              \
  X(prctl, kOther)                                                                                 \
  X(syscall, kOther)                                                                               \
  X(__asan_default_options, kAnswer)                                                               \
  X(napi_register_module_v1, kAnswer)
// clang-format on

struct Hook {
  std::string_view symbol;
  HookKind kind;
};

inline constexpr Hook kHooks[] = {
#define SILT_HOOK_ROW(symbol, kind) {#symbol, HookKind::kind},
    SILT_HOOKS(SILT_HOOK_ROW)
#undef SILT_HOOK_ROW
};

constexpr bool is_hook(std::string_view symbol) {
  for (const Hook& hook : kHooks) {
    if (hook.symbol == symbol) return true;
  }
  return false;
}

constexpr bool is_hook(std::string_view symbol, HookKind kind) {
  for (const Hook& hook : kHooks) {
    if (hook.symbol == symbol) return hook.kind == kind;
  }
  return false;
}

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_HOOKS_H_
