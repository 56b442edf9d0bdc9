// SPDX-License-Identifier: Apache-2.0
//
// Calls that wait until one of many descriptors is ready. The kernel never takes them up again
// after a handler; after one of silt's own they go on here, for the time that was left. Masks of
// signals are the real call's business, each time anew. Any context; cancellation points, like the
// real ones.
//
// Under names of their own: headers may define the others in line, for programs that have the
// compiler check their calls (_FORTIFY_SOURCE).

#include <signal.h>
#include <sys/select.h>
#include <time.h>

#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/hook/own_signals.h"
#include "interposer/hook/real.h"

using silt::hook::give_up_waiting;
using silt::hook::OwnSignals;
using silt::hook::real;
using silt::hook::resolve_real_functions;
using silt::hook::wait_on;
using silt::hook::WaitingTime;

namespace {

// Waits in milliseconds, negative: for ever. `call` takes the time.
template <typename Call>
SILT_ALWAYS_INLINE int wait_milliseconds(int timeout, Call call) {
  const int errno_before = errno;
  const OwnSignals signals;
  const WaitingTime time(timeout > 0);
  const int result = call(timeout);
  if (!signals.ended(result)) [[likely]]
    return result;
  return static_cast<int>(wait_on(signals, errno_before, [&]() -> long {
    int left = timeout;
    if (timeout > 0 && !time.left_of(timeout, &left)) return give_up_waiting();
    return call(left);
  }));
}

// The same with a time of the caller's, which stays as it is; nullptr: for ever.
template <typename Call>
SILT_ALWAYS_INLINE int wait_time(const struct timespec* timeout, Call call) {
  const int errno_before = errno;
  const OwnSignals signals;
  const WaitingTime time(timeout != nullptr);
  const int result = call(timeout);
  if (!signals.ended(result)) [[likely]]
    return result;
  return static_cast<int>(wait_on(signals, errno_before, [&]() -> long {
    if (timeout == nullptr) return call(nullptr);
    struct timespec left;
    if (!time.left_of(*timeout, &left)) return give_up_waiting();
    return call(&left);
  }));
}

}  // namespace

extern "C" {

SILT_EXPORT int silt_poll(struct pollfd* fds, unsigned long count, int timeout) __asm__("poll");
SILT_EXPORT int silt_poll_chk(struct pollfd* fds, unsigned long count, int timeout,
                              size_t size_bytes) __asm__("__poll_chk");
SILT_EXPORT int silt_ppoll(struct pollfd* fds, unsigned long count, const struct timespec* timeout,
                           const sigset_t* mask) __asm__("ppoll");
SILT_EXPORT int silt_ppoll_chk(struct pollfd* fds, unsigned long count,
                               const struct timespec* timeout, const sigset_t* mask,
                               size_t size_bytes) __asm__("__ppoll_chk");
SILT_EXPORT int silt_select(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptions,
                            struct timeval* timeout) __asm__("select");
SILT_EXPORT int silt_pselect(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptions,
                             const struct timespec* timeout,
                             const sigset_t* mask) __asm__("pselect");
SILT_EXPORT int silt_epoll_wait(int epoll, struct epoll_event* events, int most,
                                int timeout) __asm__("epoll_wait");
SILT_EXPORT int silt_epoll_pwait(int epoll, struct epoll_event* events, int most, int timeout,
                                 const sigset_t* mask) __asm__("epoll_pwait");
SILT_EXPORT int silt_epoll_pwait2(int epoll, struct epoll_event* events, int most,
                                  const struct timespec* timeout,
                                  const sigset_t* mask) __asm__("epoll_pwait2");

int silt_poll(struct pollfd* fds, unsigned long count, int timeout) {
  if (real.poll == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_milliseconds(timeout, [=](int left) { return real.poll(fds, count, left); });
}

int silt_poll_chk(struct pollfd* fds, unsigned long count, int timeout, size_t size_bytes) {
  if (real.poll_checked == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_milliseconds(
      timeout, [=](int left) { return real.poll_checked(fds, count, left, size_bytes); });
}

int silt_ppoll(struct pollfd* fds, unsigned long count, const struct timespec* timeout,
               const sigset_t* mask) {
  if (real.ppoll == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_time(timeout,
                   [=](const struct timespec* left) { return real.ppoll(fds, count, left, mask); });
}

int silt_ppoll_chk(struct pollfd* fds, unsigned long count, const struct timespec* timeout,
                   const sigset_t* mask, size_t size_bytes) {
  if (real.ppoll_checked == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_time(timeout, [=](const struct timespec* left) {
    return real.ppoll_checked(fds, count, left, mask, size_bytes);
  });
}

// The sets are as they were when the call is interrupted. The time is what was left, as Linux tells
// it, so the same pointer is right again; of musl's it is unchanged.
int silt_select(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptions,
                struct timeval* timeout) {
  if (real.select == nullptr) [[unlikely]]
    resolve_real_functions();
  const int errno_before = errno;
  const OwnSignals signals;
#ifdef __GLIBC__
  const int result = real.select(count, to_read, to_write, exceptions, timeout);
  if (!signals.ended(result)) [[likely]]
    return result;
  return static_cast<int>(wait_on(signals, errno_before, [=]() -> long {
    return real.select(count, to_read, to_write, exceptions, timeout);
  }));
#else
  const WaitingTime time(timeout != nullptr);
  const int result = real.select(count, to_read, to_write, exceptions, timeout);
  if (!signals.ended(result)) [[likely]]
    return result;
  return static_cast<int>(wait_on(signals, errno_before, [&]() -> long {
    if (timeout == nullptr) return real.select(count, to_read, to_write, exceptions, nullptr);
    // The kernel takes more microseconds than a second has as well.
    const struct timespec all = {timeout->tv_sec + timeout->tv_usec / 1'000'000,
                                 timeout->tv_usec % 1'000'000 * 1000};
    struct timespec left;
    if (!time.left_of(all, &left)) return give_up_waiting();
    struct timeval again = {left.tv_sec, left.tv_nsec / 1000};
    return real.select(count, to_read, to_write, exceptions, &again);
  }));
#endif
}

int silt_pselect(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptions,
                 const struct timespec* timeout, const sigset_t* mask) {
  if (real.pselect == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_time(timeout, [=](const struct timespec* left) {
    return real.pselect(count, to_read, to_write, exceptions, left, mask);
  });
}

int silt_epoll_wait(int epoll, struct epoll_event* events, int most, int timeout) {
  if (real.epoll_wait == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_milliseconds(timeout,
                           [=](int left) { return real.epoll_wait(epoll, events, most, left); });
}

int silt_epoll_pwait(int epoll, struct epoll_event* events, int most, int timeout,
                     const sigset_t* mask) {
  if (real.epoll_pwait == nullptr) [[unlikely]]
    resolve_real_functions();
  return wait_milliseconds(
      timeout, [=](int left) { return real.epoll_pwait(epoll, events, most, left, mask); });
}

// Of a libc that has none it does what it would on an old kernel.
int silt_epoll_pwait2(int epoll, struct epoll_event* events, int most,
                      const struct timespec* timeout, const sigset_t* mask) {
  if (real.epoll_pwait2 == nullptr) [[unlikely]]
    silt::hook::resolve_late_functions();
  if (real.epoll_pwait2 == nullptr) [[unlikely]] {
    errno = ENOSYS;
    return -1;
  }
  return wait_time(timeout, [=](const struct timespec* left) {
    return real.epoll_pwait2(epoll, events, most, left, mask);
  });
}

}  // extern "C"
