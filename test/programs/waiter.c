// SPDX-License-Identifier: Apache-2.0
//
// Waits, in the one way that is asked for, with one thread only, for what the kernel never takes up
// again after a handler. Its handlers of SIGUSR1 and SIGALRM do nothing, but in the way `nested`,
// where the first waits as well. Whatever waits for descriptors waits for standard input. After
// `masked-` both signals are blocked, but for the time of the wait. In the way `cancelled` another
// thread waits, which answers the snapshots, and is cancelled when there is input.
//
//   waiter [masked-]WAY [MILLISECONDS]     without a time: for ever
//
// Says `ready waiting`, then `waited WAY RESULT ERRNO HANDLED` (errno was 77 before; how many
// signals of its own it handled), and `early` if a wait that ended for its time ended before it.

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <time.h>

#include "test/programs/truth.h"
#include "test/programs/waiting_for_peer.h"

// Called by programs that were built with checks, and not in every header.
int __poll_chk(struct pollfd* fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* timeout,
                const sigset_t* mask, size_t size);

static int milliseconds = -1;
static int nested;
static volatile sig_atomic_t handled;

static void say(const char* text) { victim_say(text, strlen(text)); }

static void on_own(int number) {
  (void)number;
  ++handled;
  if (!nested) return;
  struct pollfd fd = {0, POLLIN, 0};
  say("nested waiting\n");
  VICTIM_CHECK(poll(&fd, 1, -1) == 1);
}

static int64_t now_ns(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static struct timespec until(clockid_t clock) {
  const int64_t end = now_ns(clock) + (int64_t)milliseconds * 1000000;
  return (struct timespec){end / 1000000000, end % 1000000000};
}

// Where a time is asked for: of a second, or an hour.
static struct timespec span(void) {
  return milliseconds < 0 ? (struct timespec){3600, 0}
                          : (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
}

static int wait_for_input(const char* way) {
  struct pollfd fd = {0, POLLIN, 0};
  struct timespec time = span();
  const struct timespec* const limit = milliseconds < 0 ? NULL : &time;
  sigset_t none;
  sigemptyset(&none);
  int result;
  if (strcmp(way, "poll") == 0 || nested) {
    result = poll(&fd, 1, milliseconds);
  } else if (strcmp(way, "poll_chk") == 0) {
    result = __poll_chk(&fd, 1, milliseconds, sizeof fd);
  } else if (strcmp(way, "ppoll") == 0) {
    result = ppoll(&fd, 1, limit, &none);
  } else if (strcmp(way, "ppoll_chk") == 0) {
    result = __ppoll_chk(&fd, 1, limit, &none, sizeof fd);
  } else {
    return -2;
  }
  VICTIM_CHECK((result > 0) == (fd.revents == POLLIN));
  return result;
}

static int wait_for_set(const char* way) {
  struct timespec time = span();
  struct timeval tv = {time.tv_sec, time.tv_nsec / 1000};
  sigset_t none;
  sigemptyset(&none);
  fd_set in;
  FD_ZERO(&in);
  FD_SET(0, &in);
  int result;
  if (strcmp(way, "select") == 0) {
    result = select(1, &in, NULL, NULL, milliseconds < 0 ? NULL : &tv);
    if (result == 0) VICTIM_CHECK(tv.tv_sec == 0 && tv.tv_usec == 0);
  } else if (strcmp(way, "pselect") == 0) {
    result = pselect(1, &in, NULL, NULL, milliseconds < 0 ? NULL : &time, &none);
  } else {
    return -2;
  }
  // Untouched when interrupted, else the answer.
  VICTIM_CHECK(FD_ISSET(0, &in) == (result != 0));
  return result;
}

static int wait_for_event(const char* way) {
  if (strncmp(way, "epoll", 5) != 0) return -2;
  struct timespec time = span();
  struct epoll_event event = {.events = EPOLLIN};
  sigset_t none;
  sigemptyset(&none);
  const int epoll = epoll_create1(0);
  VICTIM_CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event) == 0);
  errno = 77;
  if (strcmp(way, "epoll_wait") == 0) return epoll_wait(epoll, &event, 1, milliseconds);
  if (strcmp(way, "epoll_pwait") == 0) return epoll_pwait(epoll, &event, 1, milliseconds, &none);
#if __GLIBC_PREREQ(2, 35)
  if (strcmp(way, "epoll_pwait2") == 0) {
    return epoll_pwait2(epoll, &event, 1, milliseconds < 0 ? NULL : &time, &none);
  }
#endif
  return -2;
}

static int wait_for_message(const char* way) {
  struct {
    long type;
    char text[8192];
  } message = {1, ""};
  if (strncmp(way, "msg", 3) != 0) return -2;
  const int queue = msgget(IPC_PRIVATE, 0600);
  VICTIM_CHECK(queue >= 0);
  int result;
  if (strcmp(way, "msgrcv") == 0) {
    result = (int)msgrcv(queue, &message, sizeof message.text, 0, 0);
  } else {
    while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) {
    }
    VICTIM_CHECK(errno == EAGAIN);
    errno = 77;
    result = msgsnd(queue, &message, sizeof message.text, 0);
  }
  const int error = errno;
  msgctl(queue, IPC_RMID, NULL);
  errno = error;
  return result;
}

static int wait_at_socket(const char* way) {
  const struct timespec time = span();
  return wait_for_peer(way, (struct timeval){time.tv_sec, time.tv_nsec / 1000});
}

static int wait_for_semaphore(const char* way) {
  if (strncmp(way, "sem", 3) != 0) return -2;
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  if (milliseconds < 0) milliseconds = 3600000;
  const struct timespec real_end = until(CLOCK_REALTIME);
  const struct timespec end = until(CLOCK_MONOTONIC);
  errno = 77;
  if (strcmp(way, "sem_timedwait") == 0) return sem_timedwait(&semaphore, &real_end);
#if __GLIBC_PREREQ(2, 30)
  if (strcmp(way, "sem_clockwait") == 0) return sem_clockwait(&semaphore, CLOCK_MONOTONIC, &end);
#endif
  (void)end;
  const int set = semget(IPC_PRIVATE, 1, 0600);
  VICTIM_CHECK(set >= 0);
  struct sembuf take = {0, -1, 0};
  const struct timespec time = span();
  errno = 77;
  const int result =
      strcmp(way, "semop") == 0 ? semop(set, &take, 1) : semtimedop(set, &take, 1, &time);
  const int error = errno;
  semctl(set, 0, IPC_RMID);
  errno = error;
  return result;
}

static int wait_for_signal(const char* way) {
  sigset_t other;
  sigemptyset(&other);
  sigaddset(&other, SIGHUP);
  sigprocmask(SIG_BLOCK, &other, NULL);
  siginfo_t info;
  const struct timespec time = span();
  if (strcmp(way, "sigwaitinfo") == 0) return sigwaitinfo(&other, &info);
  if (strcmp(way, "sigtimedwait") == 0) return sigtimedwait(&other, &info, &time);
  return strcmp(way, "pause") == 0 ? pause() : -2;
}

static void say_cleaned(void* nothing) {
  (void)nothing;
  say("cleaned up\n");
}

static void* wait_to_be_cancelled(void* nothing) {
  pthread_cleanup_push(say_cleaned, nothing);
  poll(NULL, 0, -1);
  pthread_cleanup_pop(0);
  return nothing;
}

static int wait_for_end(const char* way) {
  if (strcmp(way, "cancelled") != 0) return -2;
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, wait_to_be_cancelled, NULL) == 0);
  sigset_t silts;
  sigemptyset(&silts);
  sigaddset(&silts, SIGURG);
  sigaddset(&silts, SIGUSR2);
  VICTIM_CHECK(pthread_sigmask(SIG_BLOCK, &silts, NULL) == 0);
  char text[8];
  VICTIM_CHECK(read(0, text, sizeof text) > 0);
  VICTIM_CHECK(pthread_cancel(thread) == 0);
  void* result = NULL;
  VICTIM_CHECK(pthread_join(thread, &result) == 0);
  errno = 77;
  return result == PTHREAD_CANCELED;
}

int main(int argc, char** argv) {
  VICTIM_CHECK(argc == 2 || argc == 3);
  const int masked = strncmp(argv[1], "masked-", 7) == 0;
  const char* const way = argv[1] + (masked ? 7 : 0);
  if (argc == 3) milliseconds = atoi(argv[2]);
  nested = strcmp(way, "nested") == 0;
  struct sigaction action = {.sa_handler = on_own};
  VICTIM_CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  VICTIM_CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  if (masked) {
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, SIGUSR1);
    sigaddset(&own, SIGALRM);
    VICTIM_CHECK(sigprocmask(SIG_BLOCK, &own, NULL) == 0);
  }
  int (*const waits[])(const char*) = {wait_for_input,   wait_for_set,       wait_for_event,
                                       wait_for_message, wait_for_semaphore, wait_for_signal,
                                       wait_at_socket,   wait_for_end};
  say("ready waiting\n");
  const int64_t begin = now_ns(CLOCK_MONOTONIC);
  int result = -2;
  int error = 0;
  for (size_t i = 0; result == -2 && i < sizeof waits / sizeof waits[0]; ++i) {
    errno = 77;
    result = waits[i](way);
    error = errno;
  }
  const int64_t passed = now_ns(CLOCK_MONOTONIC) - begin;
  char text[128];
  snprintf(text, sizeof text, "waited %s %d %d %d\n", argv[1], result, error, (int)handled);
  say(text);
  const int timed_out = result == 0 || error == EAGAIN || error == ETIMEDOUT;
  if (timed_out && passed < (int64_t)milliseconds * 1000000) say("early\n");
  return 0;
}
