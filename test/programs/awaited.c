// SPDX-License-Identifier: Apache-2.0
//
// Programs that take the snapshot's signal by waiting for it and not by a handler: what is sent to
// them they must get, what `silt dump` wants they must not notice.
//
//   awaited signalfd   all threads block the signal, one polls a signalfd while it allocates
//   awaited sigwait    a thread waits in sigwait, another allocates
//   awaited timed      each line read is one sigtimedwait of ten milliseconds
//   awaited blocked    all signals blocked for good, and allocation goes on
//   awaited raw        the handler is replaced by a raw system call, as runtimes without libc do
//
// Lines on standard input ask; the answer is `received N`. The end of input ends it.

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include "test/programs/truth.h"

static atomic_int received;
static atomic_int over;

VICTIM_FRAME static void allocate_while_waiting(void) {
  void* block = malloc(5501);
  VICTIM_KEEP(block);
  free(block);
}

VICTIM_FRAME static void leak_before_waiting(void) {
  void* block = malloc(5503);
  VICTIM_KEEP(block);
}

static void* poll_signalfd(void* wanted) {
  const int fd = signalfd(-1, wanted, SFD_NONBLOCK);
  VICTIM_CHECK(fd >= 0);
  while (!atomic_load(&over)) {
    struct signalfd_siginfo info;
    struct pollfd event = {fd, POLLIN, 0};
    if (poll(&event, 1, 1) > 0 && read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
      VICTIM_CHECK(info.ssi_signo == SIGUSR2);
      atomic_fetch_add(&received, 1);
    }
    for (int i = 0; i < 50; ++i) allocate_while_waiting();
  }
  return NULL;
}

static void* wait_in_thread(void* wanted) {
  for (;;) {
    int number = 0;
    VICTIM_CHECK(sigwait(wanted, &number) == 0);
    VICTIM_CHECK(number == SIGUSR2);
    atomic_fetch_add(&received, 1);
  }
  return NULL;
}

static void* only_allocate(void* unused) {
  (void)unused;
  while (!atomic_load(&over)) {
    for (int i = 0; i < 50; ++i) allocate_while_waiting();
    poll(NULL, 0, 1);
  }
  return NULL;
}

static void on_raw_signal(int number) {
  VICTIM_CHECK(number == SIGUSR2);
  atomic_fetch_add(&received, 1);
}

static void replace_handler(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_raw_signal;
  VICTIM_CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  char kernels[32];  // what libc told the kernel for the other signal, return code included
  VICTIM_CHECK(syscall(SYS_rt_sigaction, SIGUSR1, NULL, kernels, 8) == 0);
  VICTIM_CHECK(syscall(SYS_rt_sigaction, SIGUSR2, kernels, NULL, 8) == 0);
  VICTIM_CHECK(syscall(SYS_rt_sigaction, SIGURG, kernels, NULL, 8) == 0);
}

int main(int count, char** arguments) {
  const char* const way = count > 1 ? arguments[1] : "";
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGUSR2);
  for (int i = 0; i < 11; ++i) leak_before_waiting();
  if (strcmp(way, "raw") == 0) {
    replace_handler();
  } else if (strcmp(way, "blocked") == 0) {
    sigset_t all;
    sigfillset(&all);
    VICTIM_CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
  } else {
    VICTIM_CHECK(pthread_sigmask(SIG_BLOCK, &wanted, NULL) == 0);
  }
  pthread_t threads[2];
  int started = 0;
  if (strcmp(way, "signalfd") == 0) {
    pthread_create(&threads[started++], NULL, poll_signalfd, &wanted);
  } else {
    pthread_create(&threads[started++], NULL, only_allocate, NULL);
  }
  if (strcmp(way, "sigwait") == 0) {
    pthread_create(&threads[started], NULL, wait_in_thread, &wanted);
    pthread_detach(threads[started]);
  }
  expect_blocks("leak_before_waiting", 11, 5503, 0);
  victim_say("ready waiting\n", 14);
  char c = 0;
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (strcmp(way, "timed") == 0) {
      const struct timespec timeout = {0, 10000000};
      siginfo_t info;
      errno = 0;
      const int number = sigtimedwait(&wanted, &info, &timeout);
      VICTIM_CHECK(number == SIGUSR2 || (number == -1 && errno == EAGAIN));
      if (number == SIGUSR2) atomic_fetch_add(&received, 1);
    }
    char text[64];
    victim_say(text, (size_t)snprintf(text, sizeof text, "received %d\n", atomic_load(&received)));
  }
  atomic_store(&over, 1);
  pthread_join(threads[0], NULL);
  return 0;
}
