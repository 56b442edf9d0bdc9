// SPDX-License-Identifier: Apache-2.0
//
// Forks at the worst moments, by those who take care and by those who do not.
//
//   forked allocator   an allocator of the program's own, which maps memory with its lock held, and
//                      takes that lock before forks: silt's locks must come after it
//   forked handlers    fork handlers that allocate, registered before and after everything else
//   forked clone       raw clones, which call no handler, while another thread maps memory
//   forked workers     a pre-fork server: workers serve, end in every way, and are replaced

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "test/programs/truth.h"

static atomic_int stop;

static void map_and_unmap(void) {
  void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(mapping != MAP_FAILED);
  VICTIM_CHECK(munmap(mapping, 8192) == 0);
}

static void reap(pid_t child, int wanted) {
  int status = -1;
  VICTIM_CHECK(waitpid(child, &status, __WALL) == child);
  VICTIM_CHECK(status == wanted);
}

// ---- allocator

static pthread_mutex_t allocator_lock = PTHREAD_MUTEX_INITIALIZER;
static void lock_allocator(void) { pthread_mutex_lock(&allocator_lock); }
static void unlock_allocator(void) { pthread_mutex_unlock(&allocator_lock); }

// An allocator begins before any constructor, with a mapping.
static void begin_allocator(int count, char** arguments, char** environment) {
  (void)arguments, (void)environment;
  if (count < 2) return;
  map_and_unmap();
  VICTIM_CHECK(pthread_atfork(lock_allocator, unlock_allocator, unlock_allocator) == 0);
}
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char**, char**) = begin_allocator;

static void* map_under_lock(void* unused) {
  while (!atomic_load(&stop)) {
    lock_allocator();
    map_and_unmap();
    unlock_allocator();
  }
  return unused;
}

// Threads that want one lock all the time may leave the forks little of it: these end after a while.
static const time_t kLongest = 20;

static void fork_beside(void* (*body)(void*), int rounds, void (*in_child)(void)) {
  const time_t end = time(NULL) + kLongest;
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) VICTIM_CHECK(pthread_create(&threads[i], NULL, body, NULL) == 0);
  for (int i = 0; i < rounds; ++i) {
    if (body == map_under_lock && time(NULL) > end) break;
    const pid_t child = fork();
    VICTIM_CHECK(child >= 0);
    if (child == 0) {
      in_child();
      _exit(0);
    }
    reap(child, 0);
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
}

// ---- handlers

VICTIM_FRAME static void allocate_around_fork(void) {
  void* block = malloc(5101);
  VICTIM_KEEP(block);
  map_and_unmap();
}

VICTIM_FRAME static void allocate_in_child_of_fork(void) {
  void* block = malloc(5107);
  VICTIM_KEEP(block);
}

// ---- clone

static void* only_map(void* unused) {
  while (!atomic_load(&stop)) map_and_unmap();
  return unused;
}

static void clone_often(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) VICTIM_CHECK(pthread_create(&threads[i], NULL, only_map, NULL) == 0);
  for (int i = 0; i < 150; ++i) {
    const long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    VICTIM_CHECK(child >= 0);
    if (child == 0) {
      map_and_unmap();
      _exit(7);
    }
    reap((pid_t)child, 7 << 8);
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
}

// ---- workers

VICTIM_FRAME static void serve(int requests) {
  for (int i = 0; i < requests; ++i) {
    void* block = malloc(5113);
    VICTIM_KEEP(block);
    if (i % 2) free(block);
  }
}

static void run_workers(void) {
  serve(10);
  for (int round = 0; round < 12; ++round) {
    pid_t workers[4];
    for (int i = 0; i < 4; ++i) {
      workers[i] = fork();
      VICTIM_CHECK(workers[i] >= 0);
      if (workers[i] != 0) continue;
      serve(100 + i);
      if (i == 0) exit(3);
      if (i == 1) _exit(4);
      if (i == 2) raise(SIGKILL);
      abort();
    }
    const int wanted[4] = {3 << 8, 4 << 8, SIGKILL, SIGABRT};
    for (int i = 0; i < 4; ++i) {
      int status = -1;
      VICTIM_CHECK(waitpid(workers[i], &status, 0) == workers[i]);
      VICTIM_CHECK((status & ~0x80) == wanted[i]);  // 0x80: it left a core
    }
  }
  expect_blocks("serve", 10, 5113, 5);
}

int main(int count, char** arguments) {
  const char* const way = count > 1 ? arguments[1] : "";
  if (strcmp(way, "allocator") == 0) fork_beside(map_under_lock, 400, map_and_unmap);
  if (strcmp(way, "handlers") == 0) {
    VICTIM_CHECK(
        pthread_atfork(allocate_around_fork, allocate_around_fork, allocate_in_child_of_fork) == 0);
    fork_beside(only_map, 100, allocate_in_child_of_fork);
    expect_blocks("allocate_around_fork", 200, 5101, 0);
    expect_blocks("allocate_in_child_of_fork", 0, 0, 0);
  }
  if (strcmp(way, "clone") == 0) clone_often();
  if (strcmp(way, "workers") == 0) run_workers();
  ready("done");
  return 0;
}
