// SPDX-License-Identifier: Apache-2.0
//
// A program that is killed at any moment: threads allocate, free, reallocate and map, and write
// into a shared file what they hold, before and after each step, so that whoever finds that file
// knows what was alive but for the step that each thread was in the middle of.
//
//   killed FILE THREADS      works until it is killed
//   killed FILE THREADS fork the work is done in a forked child, whose pid is said
//   killed FILE 1 clone      likewise, in a child that a raw clone made; before that another one
//   has
//                            become another program at once, and one more has ended at once
//   killed FILE 0 fill       maps no more, but fills memory until something ends it

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test/programs/truth.h"

enum { kKinds = 4, kHeld = 400, kMostThreads = 8 };

// Of one thread. `step` is odd while a figure and what it tells of may differ.
struct Log {
  _Atomic uint64_t step;
  _Atomic uint64_t blocks[kKinds];
  _Atomic uint64_t bytes[kKinds];
  _Atomic uint64_t made[kKinds];  // bytes, freed ones included
  _Atomic uint64_t thread;        // its number
};

static struct Log* logs;

struct Held {
  void* block;
  size_t size;
};

VICTIM_FRAME static void* take_small(size_t size) {
  void* block = malloc(size);
  VICTIM_STAY();
  return block;
}
VICTIM_FRAME static void* take_large(size_t size) {
  void* block = calloc(1, size);
  VICTIM_STAY();
  return block;
}
VICTIM_FRAME static void* take_grown(size_t size) {
  void* block = realloc(malloc(size / 2), size);
  VICTIM_STAY();
  return block;
}
VICTIM_FRAME static void* take_mapped(size_t size) {
  void* block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_STAY();
  return block == MAP_FAILED ? NULL : block;
}

static void log_change(struct Log* log, int kind, int64_t blocks, int64_t bytes) {
  atomic_fetch_add(&log->blocks[kind], (uint64_t)blocks);
  atomic_fetch_add(&log->bytes[kind], (uint64_t)bytes);
}

static void* work(void* own) {
  struct Log* log = own;
  log->thread = (uint64_t)syscall(SYS_gettid);
  uint64_t random = (uint64_t)(uintptr_t)own * 0x9e3779b97f4a7c15 | 1;
  static _Thread_local struct Held held[kKinds][kHeld];
  static void* (*const kTake[kKinds])(size_t) = {take_small, take_large, take_grown, take_mapped};
  static const size_t kSizes[kKinds] = {200, 90000, 3000, 65536};
  static const int kMost[kKinds] = {kHeld, 12, 60, 40};
  for (;;) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const int kind = (int)(random >> 33) % 100 == 0 ? 3 : (int)(random >> 40) % 3;
    struct Held* slot = &held[kind][(random >> 48) % (uint64_t)kMost[kind]];
    atomic_fetch_add(&log->step, 1);
    if (slot->block != NULL) {
      if (kind == 3)
        munmap(slot->block, slot->size);
      else
        free(slot->block);
      log_change(log, kind, -1, -(int64_t)slot->size);
      slot->block = NULL;
    } else {
      const size_t size = kind == 3 ? kSizes[3] : kSizes[kind] / 2 + (random >> 20) % kSizes[kind];
      slot->block = kTake[kind](size);
      VICTIM_CHECK(slot->block != NULL);
      slot->size = size;
      log_change(log, kind, 1, (int64_t)size);
      atomic_fetch_add(&log->made[kind], kind == 2 ? size / 2 + size : size);
    }
    atomic_fetch_add(&log->step, 1);
  }
  return NULL;
}

VICTIM_FRAME static void fill_memory(void) {
  for (;;) {
    char* block = malloc(1 << 20);
    VICTIM_CHECK(block != NULL);
    memset(block, 1, 1 << 20);
    log_change(&logs[0], 0, 1, 1 << 20);
  }
}

int main(int count, char** arguments) {
  VICTIM_CHECK(count >= 3);
  const int fd = open(arguments[1], O_RDWR | O_CREAT, 0600);
  VICTIM_CHECK(fd >= 0 && ftruncate(fd, sizeof(struct Log) * kMostThreads) == 0);
  logs = mmap(NULL, sizeof(struct Log) * kMostThreads, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  VICTIM_CHECK(logs != MAP_FAILED && close(fd) == 0);
  const int threads = atoi(arguments[2]);
  const int clones = count > 3 && strcmp(arguments[3], "clone") == 0;
  for (int i = 0; clones && i < 2; ++i) {
    const long other = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (other == 0 && i == 0) execl("/bin/true", "true", (char*)NULL);
    if (other == 0) _exit(0);
    int status = 0;
    VICTIM_CHECK(waitpid((pid_t)other, &status, 0) == other && status == 0);
  }
  if (clones || (count > 3 && strcmp(arguments[3], "fork") == 0)) {
    const pid_t child = clones ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
    if (child != 0) {
      char text[64];
      victim_say(text, (size_t)snprintf(text, sizeof text, "child %d\n", (int)child));
      char c;
      while (read(STDIN_FILENO, &c, 1) > 0) free(take_small(100));
      return 0;
    }
  }
  victim_say("ready working\n", 14);
  if (count > 3 && strcmp(arguments[3], "fill") == 0) fill_memory();
  for (int i = 1; i < threads; ++i) {
    pthread_t thread;
    VICTIM_CHECK(pthread_create(&thread, NULL, work, &logs[i]) == 0);
  }
  work(&logs[0]);
  return 0;
}
