// SPDX-License-Identifier: Apache-2.0
//
// A program that is asked for snapshots, and counts how often a call of it was interrupted that
// would not have been without silt. It says so for each line it reads.
//
//   asked works      one thread waits in poll, one allocates
//   asked waits      all threads wait
//   asked moments    waits, and blocks every signal for half of the time
//   asked sandboxed works|waits   a seccomp filter kills the process that returns from a handler
//   asked refused    such a filter is tried, and refused by the kernel
//   asked files-forbidden works|waits   a filter answers with an error to what a snapshot takes
//   asked works|waits mapped            the process has as many mappings as the kernel allows

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "test/programs/truth.h"

static atomic_int interrupted;
static atomic_int over;

VICTIM_FRAME static void leak_before_asked(void) {
  void* block = malloc(5519);
  VICTIM_KEEP(block);
}

static void* allocate(void* unused) {
  while (!atomic_load(&over)) {
    for (int i = 1; i < 50; ++i) free(malloc((size_t)i));
    if (poll(NULL, 0, 1) < 0 && errno == EINTR) atomic_fetch_add(&interrupted, 1);
  }
  return unused;
}

static void* wait_for_nothing(void* unused) {
  while (!atomic_load(&over)) {
    if (poll(NULL, 0, 200) < 0 && errno == EINTR) atomic_fetch_add(&interrupted, 1);
  }
  return unused;
}

static void pause_for(long milliseconds) {
  const struct timespec pause = {0, milliseconds * 1000000};
  nanosleep(&pause, NULL);
}

static void* block_now_and_then(void* unused) {
  sigset_t all;
  sigfillset(&all);
  while (!atomic_load(&over)) {
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pause_for(5);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    pause_for(5);
  }
  return unused;
}

static int forbid_return(int flags) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog program = {sizeof code / sizeof *code, code};
  VICTIM_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

// Of what a snapshot takes; each answered with an error.
static void forbid_files(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog program = {sizeof code / sizeof *code, code};
  VICTIM_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  VICTIM_CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
}

// Until the kernel gives no more.
static void fill_mappings(void) {
  enum { kPage = 4096, kPages = 200000 };
  char* const area =
      mmap(NULL, (size_t)kPages * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(area != MAP_FAILED);
  size_t page = 1;
  while (page < kPages && mprotect(area + page * kPage, kPage, PROT_READ) == 0) page += 2;
  VICTIM_CHECK(page < kPages);
}

static int read_byte(char* c) {
  for (;;) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, -1) < 0) {
      VICTIM_CHECK(errno == EINTR);
      atomic_fetch_add(&interrupted, 1);
      continue;
    }
    return (int)read(STDIN_FILENO, c, 1);
  }
}

int main(int count, char** arguments) {
  const char* way = count > 1 ? arguments[1] : "";
  for (int i = 0; i < 7; ++i) leak_before_asked();
  if (strcmp(way, "sandboxed") == 0) {
    VICTIM_CHECK(forbid_return(0) == 0);
    way = count > 2 ? arguments[2] : "";
  } else if (strcmp(way, "files-forbidden") == 0) {
    forbid_files();
    way = count > 2 ? arguments[2] : "";
  } else if (strcmp(way, "refused") == 0) {
    VICTIM_CHECK(forbid_return(1 << 30) == -1 && errno == EINVAL);
  }
  pthread_t threads[2];
  int started = 0;
  if (strcmp(way, "moments") == 0) {
    sigset_t all;
    sigfillset(&all);
    pthread_create(&threads[started++], NULL, block_now_and_then, NULL);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
  } else {
    pthread_create(&threads[started++], NULL, wait_for_nothing, NULL);
  }
  if (strcmp(way, "works") == 0) pthread_create(&threads[started++], NULL, allocate, NULL);
  if (count > 2 && strcmp(arguments[2], "mapped") == 0) fill_mappings();
  expect_blocks("leak_before_asked", 7, 5519, 0);
  victim_say("ready asked\n", 12);
  char c = 0;
  while (read_byte(&c) > 0) {
    char text[64];
    victim_say(text,
               (size_t)snprintf(text, sizeof text, "interrupted %d\n", atomic_load(&interrupted)));
  }
  atomic_store(&over, 1);
  for (int i = 0; i < started; ++i) pthread_join(threads[i], NULL);
  return 0;
}
