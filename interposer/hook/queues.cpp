// SPDX-License-Identifier: Apache-2.0
//
// Waits for a semaphore or a message (System V's), and for a semaphore of the threads' with a time
// limit: calls that the kernel never takes up again after a handler. Interrupted, they have done
// nothing yet; after a handler of silt's own they are made again. (sem_wait has the kernel do
// that.) Any context; cancellation points where the real ones are.
//
// Under names of their own: not every libc declares them with the same promises.

#include <semaphore.h>
#include <signal.h>
#include <sys/types.h>
#include <time.h>

#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/hook/own_signals.h"
#include "interposer/hook/real.h"

using silt::hook::give_up_waiting;
using silt::hook::OwnSignals;
using silt::hook::real;
using silt::hook::resolve_late_functions;
using silt::hook::resolve_real_functions;
using silt::hook::wait_on;
using silt::hook::WaitingTime;

namespace {

// For ever, or until a time that stays the same.
template <typename Call>
SILT_ALWAYS_INLINE long wait_again(Call call) {
  const int errno_before = errno;
  const OwnSignals signals;
  const long result = call();
  if (!signals.ended(result)) [[likely]]
    return result;
  return wait_on(signals, errno_before, call);
}

int no_such_function() {
  errno = ENOSYS;
  return -1;
}

}  // namespace

extern "C" {

SILT_EXPORT int silt_msgsnd(int queue, const void* message, size_t size_bytes,
                            int flags) __asm__("msgsnd");
SILT_EXPORT ssize_t silt_msgrcv(int queue, void* message, size_t size_bytes, long type,
                                int flags) __asm__("msgrcv");
SILT_EXPORT int silt_semop(int set, struct sembuf* operations, size_t count) __asm__("semop");
SILT_EXPORT int silt_semtimedop(int set, struct sembuf* operations, size_t count,
                                const struct timespec* timeout) __asm__("semtimedop");
SILT_EXPORT int silt_sem_timedwait(sem_t* semaphore,
                                   const struct timespec* until) __asm__("sem_timedwait");
SILT_EXPORT int silt_sem_clockwait(sem_t* semaphore, clockid_t clock,
                                   const struct timespec* until) __asm__("sem_clockwait");

int silt_msgsnd(int queue, const void* message, size_t size_bytes, int flags) {
  if (real.msgsnd == nullptr) [[unlikely]]
    resolve_real_functions();
  return static_cast<int>(
      wait_again([=]() -> long { return real.msgsnd(queue, message, size_bytes, flags); }));
}

ssize_t silt_msgrcv(int queue, void* message, size_t size_bytes, long type, int flags) {
  if (real.msgrcv == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_again([=]() -> long { return real.msgrcv(queue, message, size_bytes, type, flags); });
}

int silt_semop(int set, struct sembuf* operations, size_t count) {
  if (real.semop == nullptr) [[unlikely]]
    resolve_real_functions();
  return static_cast<int>(wait_again([=]() -> long { return real.semop(set, operations, count); }));
}

int silt_semtimedop(int set, struct sembuf* operations, size_t count,
                    const struct timespec* timeout) {
  if (real.semtimedop == nullptr) [[unlikely]]
    resolve_real_functions();
  const int errno_before = errno;
  const OwnSignals signals;
  const WaitingTime time(timeout != nullptr);
  const int result = real.semtimedop(set, operations, count, timeout);
  if (!signals.ended(result)) [[likely]]
    return result;
  return static_cast<int>(wait_on(signals, errno_before, [&]() -> long {
    if (timeout == nullptr) return real.semtimedop(set, operations, count, nullptr);
    struct timespec left;
    if (!time.left_of(*timeout, &left)) return give_up_waiting();
    return real.semtimedop(set, operations, count, &left);
  }));
}

int silt_sem_timedwait(sem_t* semaphore, const struct timespec* until) {
  if (real.sem_timedwait == nullptr) [[unlikely]]
    resolve_late_functions();
  if (real.sem_timedwait == nullptr) [[unlikely]]
    return no_such_function();
  return static_cast<int>(
      wait_again([=]() -> long { return real.sem_timedwait(semaphore, until); }));
}

int silt_sem_clockwait(sem_t* semaphore, clockid_t clock, const struct timespec* until) {
  if (real.sem_clockwait == nullptr) [[unlikely]]
    resolve_late_functions();
  if (real.sem_clockwait == nullptr) [[unlikely]]
    return no_such_function();
  return static_cast<int>(
      wait_again([=]() -> long { return real.sem_clockwait(semaphore, clock, until); }));
}

}  // extern "C"
