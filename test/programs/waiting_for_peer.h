// SPDX-License-Identifier: Apache-2.0
//
// For waiter.c: waits at a socket that has a time limit of its own, for what comes as input.

#ifndef SILT_TEST_PROGRAMS_WAITING_FOR_PEER_H_
#define SILT_TEST_PROGRAMS_WAITING_FOR_PEER_H_

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "test/programs/truth.h"

// Called by programs that were built with checks, and not in every header.
ssize_t __read_chk(int fd, void* to, size_t size, size_t room);
ssize_t __recv_chk(int fd, void* to, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void* to, size_t size, size_t room, int flags, struct sockaddr* from,
                       socklen_t* from_size);

// Sends what comes as input to the socket, in a thread that takes no signals.
static void* pass_on(void* to) {
  char text[8];
  const ssize_t size = read(0, text, sizeof text);
  const int fd = *(const int*)to;
  struct sockaddr_un name;
  socklen_t name_size = sizeof name;
  if (size <= 0) return NULL;
  int listens = 0;
  socklen_t option_size = sizeof listens;
  getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &option_size);
  if (!listens) {
    VICTIM_CHECK(send(fd, text, 1, 0) == 1);
    return NULL;
  }
  VICTIM_CHECK(getsockname(fd, (struct sockaddr*)&name, &name_size) == 0);
  const int caller = socket(AF_UNIX, SOCK_STREAM, 0);
  VICTIM_CHECK(connect(caller, (const struct sockaddr*)&name, name_size) == 0);
  return NULL;
}

static void start_to_pass_on(int* fd) {
  sigset_t all;
  sigset_t before;
  pthread_t thread;
  sigfillset(&all);
  VICTIM_CHECK(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
  VICTIM_CHECK(pthread_create(&thread, NULL, pass_on, fd) == 0);
  VICTIM_CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

// The result of the wait that is asked for, -2 if it is none of these.
static int wait_for_peer(const char* way, struct timeval limit) {
  char text[8];
  static int pair[2];
  if (strncmp(way, "accept", 6) == 0) {
    const struct sockaddr_un nameless = {.sun_family = AF_UNIX};  // the kernel names it
    pair[0] = pair[1] = socket(AF_UNIX, SOCK_STREAM, 0);
    VICTIM_CHECK(bind(pair[0], (const struct sockaddr*)&nameless, sizeof(sa_family_t)) == 0);
    VICTIM_CHECK(listen(pair[0], 1) == 0);
  } else if (strncmp(way, "read", 4) == 0 || strncmp(way, "recv", 4) == 0) {
    VICTIM_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  } else {
    return -2;
  }
  VICTIM_CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  start_to_pass_on(&pair[1]);
  struct iovec part = {text, sizeof text};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  const size_t size = sizeof text;
  errno = 77;
  if (strcmp(way, "read") == 0) return (int)read(pair[0], text, size);
  if (strcmp(way, "read_chk") == 0) return (int)__read_chk(pair[0], text, size, size);
  if (strcmp(way, "recv") == 0) return (int)recv(pair[0], text, size, 0);
  if (strcmp(way, "recv_chk") == 0) return (int)__recv_chk(pair[0], text, size, size, 0);
  if (strcmp(way, "recvfrom") == 0) return (int)recvfrom(pair[0], text, size, 0, NULL, NULL);
  if (strcmp(way, "recvfrom_chk") == 0) {
    return (int)__recvfrom_chk(pair[0], text, size, size, 0, NULL, NULL);
  }
  if (strcmp(way, "recvmsg") == 0) return (int)recvmsg(pair[0], &message, 0);
  const int caller = strcmp(way, "accept") == 0 ? accept(pair[0], NULL, NULL)
                                                : accept4(pair[0], NULL, NULL, SOCK_CLOEXEC);
  return caller < 0 ? caller : 1;
}

#endif  // SILT_TEST_PROGRAMS_WAITING_FOR_PEER_H_
