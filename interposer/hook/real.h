// SPDX-License-Identifier: Apache-2.0
//
// The next definition of each hooked symbol: what the program would have called without silt. A
// program with another allocator, or with operators new of its own, thus behaves as before.
// Resolved before the first use, from normal context; hooks only read the pointers.

#ifndef SILT_INTERPOSER_HOOK_REAL_H_
#define SILT_INTERPOSER_HOOK_REAL_H_

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "interposer/format/hooks.h"

struct epoll_event;
struct pollfd;
struct sembuf;

namespace silt::hook {

// X(field, symbol, result type, parameters)
// clang-format off
#define SILT_C_FUNCTIONS(X)                                                                        \
  X(malloc, "malloc", void*, (size_t))                                                             \
  X(calloc, "calloc", void*, (size_t, size_t))                                                     \
  X(realloc, "realloc", void*, (void*, size_t))                                                    \
  X(free, "free", void, (void*))                                                                   \
  X(reallocarray, "reallocarray", void*, (void*, size_t, size_t))                                  \
  X(posix_memalign, "posix_memalign", int, (void**, size_t, size_t))                               \
  X(aligned_alloc, "aligned_alloc", void*, (size_t, size_t))                                       \
  X(memalign, "memalign", void*, (size_t, size_t))                                                 \
  X(valloc, "valloc", void*, (size_t))                                                             \
  X(pvalloc, "pvalloc", void*, (size_t))                                                           \
  X(mmap, "mmap", void*, (void*, size_t, int, int, int, off_t))                                    \
  X(mmap64, "mmap64", void*, (void*, size_t, int, int, int, off_t))                                \
  X(munmap, "munmap", int, (void*, size_t))                                                        \
  X(mremap, "mremap", void*, (void*, size_t, size_t, int, ...))                                    \
  X(mlockall, "mlockall", int, (int))                                                              \
  X(execve, "execve", int, (const char*, char* const*, char* const*))                              \
  X(execvpe, "execvpe", int, (const char*, char* const*, char* const*))                            \
  X(fexecve, "fexecve", int, (int, char* const*, char* const*))                                    \
  X(execveat, "execveat", int, (int, const char*, char* const*, char* const*, int))                \
  X(posix_spawn, "posix_spawn", int,                                                               \
    (pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,             \
     char* const*, char* const*))                                                                  \
  X(posix_spawnp, "posix_spawnp", int,                                                             \
    (pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,             \
     char* const*, char* const*))                                                                  \
  X(dlopen, "dlopen", void*, (const char*, int))                                                   \
  X(dlclose, "dlclose", int, (void*))                                                              \
  X(sigaction, "sigaction", int, (int, const struct sigaction*, struct sigaction*))                \
  X(signal, "signal", sighandler_t, (int, sighandler_t))                                           \
  X(sysv_signal, "__sysv_signal", sighandler_t, (int, sighandler_t))                               \
  X(sigset, "sigset", sighandler_t, (int, sighandler_t))                                           \
  X(sigignore, "sigignore", int, (int))                                                            \
  X(sigprocmask, "sigprocmask", int, (int, const sigset_t*, sigset_t*))                            \
  X(sigwait, "sigwait", int, (const sigset_t*, int*))                                              \
  X(sigwaitinfo, "sigwaitinfo", int, (const sigset_t*, siginfo_t*))                                \
  X(sigtimedwait, "sigtimedwait", int, (const sigset_t*, siginfo_t*, const struct timespec*))      \
  X(sleep, "sleep", unsigned, (unsigned))                                                          \
  X(usleep, "usleep", int, (useconds_t))                                                           \
  X(nanosleep, "nanosleep", int, (const struct timespec*, struct timespec*))                       \
  X(clock_nanosleep, "clock_nanosleep", int,                                                       \
    (clockid_t, int, const struct timespec*, struct timespec*))                                    \
  X(pause, "pause", int, ())                                                                       \
  X(sigsuspend, "sigsuspend", int, (const sigset_t*))                                              \
  X(poll, "poll", int, (struct pollfd*, unsigned long, int))                                       \
  X(poll_checked, "__poll_chk", int, (struct pollfd*, unsigned long, int, size_t))                 \
  X(ppoll, "ppoll", int,                                                                           \
    (struct pollfd*, unsigned long, const struct timespec*, const sigset_t*))                      \
  X(ppoll_checked, "__ppoll_chk", int,                                                             \
    (struct pollfd*, unsigned long, const struct timespec*, const sigset_t*, size_t))              \
  X(select, "select", int, (int, fd_set*, fd_set*, fd_set*, struct timeval*))                      \
  X(pselect, "pselect", int,                                                                       \
    (int, fd_set*, fd_set*, fd_set*, const struct timespec*, const sigset_t*))                     \
  X(epoll_wait, "epoll_wait", int, (int, struct epoll_event*, int, int))                           \
  X(epoll_pwait, "epoll_pwait", int, (int, struct epoll_event*, int, int, const sigset_t*))        \
  X(read, "read", ssize_t, (int, void*, size_t))                                                   \
  X(read_checked, "__read_chk", ssize_t, (int, void*, size_t, size_t))                             \
  X(recv, "recv", ssize_t, (int, void*, size_t, int))                                              \
  X(recv_checked, "__recv_chk", ssize_t, (int, void*, size_t, size_t, int))                        \
  X(recvfrom, "recvfrom", ssize_t,                                                                 \
    (int, void*, size_t, int, struct sockaddr*, socklen_t*))                                       \
  X(recvfrom_checked, "__recvfrom_chk", ssize_t,                                                   \
    (int, void*, size_t, size_t, int, struct sockaddr*, socklen_t*))                               \
  X(recvmsg, "recvmsg", ssize_t, (int, struct msghdr*, int))                                       \
  X(accept, "accept", int, (int, struct sockaddr*, socklen_t*))                                    \
  X(accept4, "accept4", int, (int, struct sockaddr*, socklen_t*, int))                             \
  X(msgsnd, "msgsnd", int, (int, const void*, size_t, int))                                        \
  X(msgrcv, "msgrcv", ssize_t, (int, void*, size_t, long, int))                                    \
  X(semop, "semop", int, (int, struct sembuf*, size_t))                                            \
  X(semtimedop, "semtimedop", int, (int, struct sembuf*, size_t, const struct timespec*))          \
  X(prctl, "prctl", int, (int, unsigned long, unsigned long, unsigned long, unsigned long))        \
  X(syscall, "syscall", long, (long, long, long, long, long, long, long))                          \
  X(longjmp, "longjmp", void, (jmp_buf, int))                                                      \
  X(longjmp_checked, "__longjmp_chk", void, (jmp_buf, int))                                        \
  X(exit_now, "_exit", void, (int))
// Not in every libc, or (before glibc 2.34) in a library that need not be loaded.
#define SILT_LATE_FUNCTIONS(X)                                                                     \
  X(epoll_pwait2, "epoll_pwait2", int,                                                             \
    (int, struct epoll_event*, int, const struct timespec*, const sigset_t*))                      \
  X(sem_timedwait, "sem_timedwait", int, (sem_t*, const struct timespec*))                         \
  X(sem_clockwait, "sem_clockwait", int, (sem_t*, clockid_t, const struct timespec*))
#define SILT_NEW_FUNCTIONS(X)                                                                      \
  X(new_plain, "_Znwm", void*, (size_t))                                                           \
  X(new_array, "_Znam", void*, (size_t))                                                           \
  X(new_nothrow, "_ZnwmRKSt9nothrow_t", void*, (size_t, const std::nothrow_t&))                    \
  X(new_array_nothrow, "_ZnamRKSt9nothrow_t", void*, (size_t, const std::nothrow_t&))              \
  X(new_aligned, "_ZnwmSt11align_val_t", void*, (size_t, std::align_val_t))                        \
  X(new_array_aligned, "_ZnamSt11align_val_t", void*, (size_t, std::align_val_t))                  \
  X(new_aligned_nothrow, "_ZnwmSt11align_val_tRKSt9nothrow_t", void*,                              \
    (size_t, std::align_val_t, const std::nothrow_t&))                                             \
  X(new_array_aligned_nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t", void*,                        \
    (size_t, std::align_val_t, const std::nothrow_t&))                                             \
  X(delete_plain, "_ZdlPv", void, (void*))                                                         \
  X(delete_array, "_ZdaPv", void, (void*))                                                         \
  X(delete_nothrow, "_ZdlPvRKSt9nothrow_t", void, (void*, const std::nothrow_t&))                  \
  X(delete_array_nothrow, "_ZdaPvRKSt9nothrow_t", void, (void*, const std::nothrow_t&))            \
  X(delete_sized, "_ZdlPvm", void, (void*, size_t))                                                \
  X(delete_array_sized, "_ZdaPvm", void, (void*, size_t))                                          \
  X(delete_aligned, "_ZdlPvSt11align_val_t", void, (void*, std::align_val_t))                      \
  X(delete_array_aligned, "_ZdaPvSt11align_val_t", void, (void*, std::align_val_t))                \
  X(delete_sized_aligned, "_ZdlPvmSt11align_val_t", void, (void*, size_t, std::align_val_t))       \
  X(delete_array_sized_aligned, "_ZdaPvmSt11align_val_t", void, (void*, size_t, std::align_val_t)) \
  X(delete_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t", void,                           \
    (void*, std::align_val_t, const std::nothrow_t&))                                              \
  X(delete_array_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t", void,                     \
    (void*, std::align_val_t, const std::nothrow_t&))
// clang-format on

// What stands here is in the list of hooks, by which it is exported.
#define SILT_IS_HOOK(field, symbol, result, parameters) &&format::is_hook(symbol)
static_assert(true SILT_C_FUNCTIONS(SILT_IS_HOOK) SILT_LATE_FUNCTIONS(SILT_IS_HOOK)
                  SILT_NEW_FUNCTIONS(SILT_IS_HOOK));
#undef SILT_IS_HOOK

struct Real {
#define SILT_FIELD(field, symbol, result, parameters) result(*field) parameters;
  SILT_C_FUNCTIONS(SILT_FIELD)
  SILT_LATE_FUNCTIONS(SILT_FIELD)
  SILT_NEW_FUNCTIONS(SILT_FIELD)
#undef SILT_FIELD
  // The operators that are not aligned are libstdc++'s, and what they call is this library's malloc
  // and free, hence real.malloc and real.free, and nothing else.
  bool new_is_malloc;
  // malloc and its like are the C library's own, which call nothing that is hooked.
  bool malloc_calls_no_hook;
};

// Never without malloc, calloc, realloc and free: before they are resolved these serve from a
// small arena, for the loader's own allocations while symbols are being looked up.
extern constinit Real real;

// What syscall() does before the real one is known.
long first_syscall(long number, long a, long b, long c, long d, long e, long f);

// Looks up what every libc has. The loader's lock is taken; the first hook of a process calls it
// while there is one thread. Whoever allocates or maps memory for the first time may be an
// allocator in the middle of its own beginning, or libc with a lock held, so nothing is looked up
// that may be missing: for a failure the loader allocates, and dlerror takes the lock of locales.
void resolve_real_functions();
// The operators new and delete: at the first that is called, at the latest by the constructor.
// False when that was done before.
bool resolve_new_functions();
// Everything else. Normal context, once.
void resolve_remaining_functions();
// What was not there then, asked for again by a hook that lacks it. The loader's lock is taken only
// where something has come.
void resolve_late_functions();
bool real_functions_resolved();

// Finds out whether operator new and delete may be shortened to malloc and free: where the next
// ones are libstdc++'s and neither the program nor another library comes before this one, the
// detour through libstdc++ does nothing but come back here, twice for each block. `module_of` says
// which module holds an address. Normal context.
void find_short_operators(const void* (*module_of)(const void* address));

// For a C++ library that was loaded into a C program: `operator new` had no next definition when
// the process started. Looks `symbol` up in the C++ runtime that is loaded by now, else nullptr.
void* find_in_cxx_runtime(const char* symbol);

inline constexpr size_t kArenaSize = 32 * 1024;
extern constinit char bootstrap_arena[kArenaSize] __attribute__((visibility("hidden")));

// True when the block came from the arena: freeing it is a no-op.
inline bool in_bootstrap_arena(const void* address) {
  return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(bootstrap_arena) <
         kArenaSize;
}
size_t bootstrap_size(const void* address);

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_REAL_H_
