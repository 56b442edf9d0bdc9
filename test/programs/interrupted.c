// SPDX-License-Identifier: Apache-2.0
//
// Signals that arrive inside hooks, and handlers that do not simply return: what is interrupted may
// stand anywhere, a thread that silt's tables wait for must not be held up, and recording must go
// on afterwards.
//
//   interrupted snapshots   snapshot signals rain on a thread that allocates and frees
//   interrupted exit        handlers end the process with _exit
//   interrupted jump        handlers leave by siglongjmp
//   interrupted stop        handlers wait for another thread, which maps memory meanwhile
//   interrupted fork        threads that never allocated fork at the same time

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "test/programs/truth.h"

static void handle(int signal_number, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  VICTIM_CHECK(sigaction(signal_number, &action, NULL) == 0);
}

static void ring_every(long microseconds) {
  const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
  VICTIM_CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

// Once: a handler that does not block its signal would else be interrupted by the next before it has
// left, on a busy machine again and again, until the stack is used up.
static void ring_once(long microseconds) {
  const struct itimerval timer = {{0, 0}, {0, microseconds}};
  VICTIM_CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// ---- snapshots

static atomic_int stop;
static pthread_t main_thread;

static void* rain(void* unused) {
  for (int i = 0; i < 400; ++i) {
    pthread_kill(main_thread, SIGUSR2);
    const struct timespec pause = {0, 200000};
    nanosleep(&pause, NULL);
  }
  atomic_store(&stop, 1);
  return unused;
}

static void snapshots(void) {
  main_thread = pthread_self();
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, rain, NULL) == 0);
  while (!atomic_load(&stop)) {
    void* blocks[16];
    for (int i = 0; i < 16; ++i) VICTIM_KEEP(blocks[i] = malloc(4001));
    for (int i = 0; i < 16; ++i) free(blocks[i]);
    void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VICTIM_CHECK(munmap(mapping, 8192) == 0);
  }
  pthread_join(thread, NULL);
}

// ---- exit

static void leave_process(int signal_number) { _exit(signal_number == SIGALRM ? 21 : 1); }

static void exits(void) {
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    VICTIM_CHECK(child >= 0);
    if (child == 0) {
      handle(SIGALRM, leave_process, 0);
      ring_every(300 + 7 * i);
      for (;;) {
        void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(mapping, 8192);
        void* const block = malloc(5003);
        VICTIM_KEEP(block);
        free(block);
      }
    }
    int status;
    VICTIM_CHECK(waitpid(child, &status, 0) == child);
    VICTIM_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 21);
  }
}

// ---- jump: out of mmap, which a handler may leave for good, as malloc may not

static sigjmp_buf outside;
static void jump(int signal_number) { siglongjmp(outside, signal_number); }

VICTIM_FRAME static void map_until_interrupted(void) {
  for (;;) {
    void* const mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(mapping, 4096);
  }
}

VICTIM_FRAME static void leak_at_the_same_depth(void) {
  void* block = malloc(2371);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static int leak_deeper(int depth) {
  char frame[256];
  VICTIM_KEEP(frame);
  if (depth == 0) {
    void* block = malloc(2377);
    VICTIM_KEEP(block);
    return 0;
  }
  const int below = leak_deeper(depth - 1);
  VICTIM_STAY();
  return below + frame[0] * 0;
}

static void jumps(void) {
  handle(SIGALRM, jump, SA_NODEFER);
  for (volatile int i = 0; i < 200; ++i) {
    if (sigsetjmp(outside, 1) == 0) {
      ring_once(100);
      map_until_interrupted();
    }
    leak_deeper(20);
    leak_at_the_same_depth();
  }
  expect_blocks("leak_deeper", 200, 2377, 0);
  expect_blocks("leak_at_the_same_depth", 200, 2371, 0);
}

// ---- stop: how collectors stop the world

static atomic_int stopped;
static atomic_int go_on;

static void wait_for_the_collector(int signal_number) {
  (void)signal_number;
  atomic_store(&stopped, 1);
  while (!atomic_load(&go_on)) {
  }
  atomic_store(&stopped, 0);
}

static void* mutate(void* unused) {
  while (!atomic_load(&stop)) {
    void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(mapping, 8192);
  }
  return unused;
}

static void stops(void) {
  handle(SIGUSR1, wait_for_the_collector, SA_RESTART);
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, mutate, NULL) == 0);
  const double end = seconds() + 2;
  for (int i = 0; i < 3000 && seconds() < end; ++i) {
    atomic_store(&go_on, 0);
    pthread_kill(thread, SIGUSR1);
    while (!atomic_load(&stopped)) {
    }
    void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(mapping, 8192);
    atomic_store(&go_on, 1);
    while (atomic_load(&stopped)) {
    }
  }
  atomic_store(&stop, 1);
  pthread_join(thread, NULL);
}

// ---- fork

static pthread_barrier_t barrier;

static void* fork_at_once(void* allocates) {
  if (allocates != NULL) free(malloc(7001));
  pthread_barrier_wait(&barrier);
  const pid_t child = fork();
  if (child == 0) {
    void* block = malloc(3001);
    VICTIM_KEEP(block);
    _exit(block == NULL);
  }
  void* block = malloc(3011);
  VICTIM_KEEP(block);
  int status = -1;
  VICTIM_CHECK(waitpid(child, &status, 0) == child);
  VICTIM_CHECK(status == 0);
  return NULL;
}

static void forks(void) {
  enum { kThreads = 4, kRounds = 25 };
  pthread_barrier_init(&barrier, NULL, kThreads);
  for (int round = 0; round < kRounds; ++round) {
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; ++i) {
      VICTIM_CHECK(pthread_create(&threads[i], NULL, fork_at_once, i % 2 ? &barrier : NULL) == 0);
    }
    for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  }
}

int main(int count, char** arguments) {
  const char* const way = count > 1 ? arguments[1] : "";
  if (strcmp(way, "snapshots") == 0) snapshots();
  if (strcmp(way, "exit") == 0) exits();
  if (strcmp(way, "jump") == 0) jumps();
  if (strcmp(way, "stop") == 0) stops();
  if (strcmp(way, "fork") == 0) forks();
  ready("done");
  return 0;
}
