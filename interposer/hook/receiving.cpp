// SPDX-License-Identifier: Apache-2.0
//
// Calls that wait for what comes from another. The kernel takes them up again after a handler, but
// not where the socket has a time limit (SO_RCVTIMEO), nor where a handler of the program's, for a
// signal that is also silt's, was set so. After a signal of silt's own they go on, for the time
// that was left. Any context; cancellation points, like the real ones.
//
// Under names of their own: headers may define the others in line.

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/base/system_call.h"
#include "interposer/hook/own_signals.h"
#include "interposer/hook/real.h"

using silt::hook::give_up_waiting;
using silt::hook::OwnSignals;
using silt::hook::real;
using silt::hook::resolve_real_functions;
using silt::hook::WaitingTime;

namespace {

// False: none, or no socket.
bool limit_of(int fd, struct timespec* limit) {
  struct timeval time {};
  socklen_t size = sizeof(time);
  if (silt::base::system_call(SYS_getsockopt, fd, SOL_SOCKET, SO_RCVTIMEO,
                              reinterpret_cast<long>(&time), reinterpret_cast<long>(&size)) != 0) {
    return false;
  }
  *limit = {time.tv_sec, time.tv_usec * 1000};
  return time.tv_sec != 0 || time.tv_usec != 0;
}

// Made again at once, the call would wait for all of its time.
bool wait_for_rest(int fd, const WaitingTime& time) {
  struct timespec limit;
  if (!limit_of(fd, &limit)) return true;
  struct timespec left;
  if (!time.left_of(limit, &left)) return give_up_waiting() == 0;
  struct pollfd awaited = {fd, POLLIN, 0};
  const int ready = real.ppoll(&awaited, 1, &left, nullptr);
  if (ready == 0) errno = EAGAIN;
  return ready > 0;
}

template <typename Call>
SILT_COLD long receive_on(int fd, const OwnSignals& signals, const WaitingTime& time,
                          int errno_before, Call call) {
  long result;
  do {
    result = wait_for_rest(fd, time) ? call() : -1;
  } while (signals.ended(result));
  if (result != -1) errno = errno_before;
  return result;
}

template <typename Call>
SILT_ALWAYS_INLINE long receive(int fd, Call call) {
  const int errno_before = errno;
  const OwnSignals signals;
  const WaitingTime time(true);
  const long result = call();
  if (!signals.ended(result)) [[likely]]
    return result;
  return receive_on(fd, signals, time, errno_before, call);
}

// Of files too, and so short often that reading the counter would be felt. A limit is counted from
// the first signal on: the call takes twice its time at most, however many come.
template <typename Call>
SILT_ALWAYS_INLINE long read_on(int fd, Call call) {
  const int errno_before = errno;
  const OwnSignals signals;
  const long result = call();
  if (!signals.ended(result)) [[likely]]
    return result;
  return receive_on(fd, signals, WaitingTime(true), errno_before, call);
}

}  // namespace

extern "C" {

SILT_EXPORT ssize_t silt_read(int fd, void* to, size_t size_bytes) __asm__("read");
SILT_EXPORT ssize_t silt_read_chk(int fd, void* to, size_t size_bytes,
                                  size_t room_bytes) __asm__("__read_chk");
SILT_EXPORT ssize_t silt_recv(int fd, void* to, size_t size_bytes, int flags) __asm__("recv");
SILT_EXPORT ssize_t silt_recv_chk(int fd, void* to, size_t size_bytes, size_t room_bytes,
                                  int flags) __asm__("__recv_chk");
SILT_EXPORT ssize_t silt_recvfrom(int fd, void* to, size_t size_bytes, int flags,
                                  struct sockaddr* from, socklen_t* from_size) __asm__("recvfrom");
SILT_EXPORT ssize_t silt_recvfrom_chk(int fd, void* to, size_t size_bytes, size_t room_bytes,
                                      int flags, struct sockaddr* from,
                                      socklen_t* from_size) __asm__("__recvfrom_chk");
SILT_EXPORT ssize_t silt_recvmsg(int fd, struct msghdr* message, int flags) __asm__("recvmsg");
SILT_EXPORT int silt_accept(int fd, struct sockaddr* from, socklen_t* from_size) __asm__("accept");
SILT_EXPORT int silt_accept4(int fd, struct sockaddr* from, socklen_t* from_size,
                             int flags) __asm__("accept4");

ssize_t silt_read(int fd, void* to, size_t size_bytes) {
  if (real.read == nullptr) [[unlikely]]
    resolve_real_functions();
  return read_on(fd, [=]() -> long { return real.read(fd, to, size_bytes); });
}

ssize_t silt_read_chk(int fd, void* to, size_t size_bytes, size_t room_bytes) {
  if (real.read_checked == nullptr) [[unlikely]]
    resolve_real_functions();
  return read_on(fd, [=]() -> long { return real.read_checked(fd, to, size_bytes, room_bytes); });
}

ssize_t silt_recv(int fd, void* to, size_t size_bytes, int flags) {
  if (real.recv == nullptr) [[unlikely]]
    resolve_real_functions();
  return receive(fd, [=]() -> long { return real.recv(fd, to, size_bytes, flags); });
}

ssize_t silt_recv_chk(int fd, void* to, size_t size_bytes, size_t room_bytes, int flags) {
  if (real.recv_checked == nullptr) [[unlikely]]
    resolve_real_functions();
  return receive(
      fd, [=]() -> long { return real.recv_checked(fd, to, size_bytes, room_bytes, flags); });
}

ssize_t silt_recvfrom(int fd, void* to, size_t size_bytes, int flags, struct sockaddr* from,
                      socklen_t* from_size) {
  if (real.recvfrom == nullptr) [[unlikely]]
    resolve_real_functions();
  return receive(
      fd, [=]() -> long { return real.recvfrom(fd, to, size_bytes, flags, from, from_size); });
}

ssize_t silt_recvfrom_chk(int fd, void* to, size_t size_bytes, size_t room_bytes, int flags,
                          struct sockaddr* from, socklen_t* from_size) {
  if (real.recvfrom_checked == nullptr) [[unlikely]]
    resolve_real_functions();
  return receive(fd, [=]() -> long {
    return real.recvfrom_checked(fd, to, size_bytes, room_bytes, flags, from, from_size);
  });
}

ssize_t silt_recvmsg(int fd, struct msghdr* message, int flags) {
  if (real.recvmsg == nullptr) [[unlikely]]
    resolve_real_functions();
  return receive(fd, [=]() -> long { return real.recvmsg(fd, message, flags); });
}

int silt_accept(int fd, struct sockaddr* from, socklen_t* from_size) {
  if (real.accept == nullptr) [[unlikely]]
    resolve_real_functions();
  return static_cast<int>(receive(fd, [=]() -> long { return real.accept(fd, from, from_size); }));
}

int silt_accept4(int fd, struct sockaddr* from, socklen_t* from_size, int flags) {
  if (real.accept4 == nullptr) [[unlikely]]
    resolve_real_functions();
  return static_cast<int>(
      receive(fd, [=]() -> long { return real.accept4(fd, from, from_size, flags); }));
}

}  // extern "C"
