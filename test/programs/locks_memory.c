// SPDX-License-Identifier: Apache-2.0
//
// Locks its memory under a limit that holds what it has, and a little more, and says what came of
// it: the calls' results, and how much of a mapping of its own is locked. Without the capability
// that lifts the limit. All of it must be the same whoever looks on.
//
// locks_memory FLAGS LIMIT_KIB   (1: current, 2: future, 4: on fault)

#include <linux/capability.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "test/programs/truth.h"

enum { kSize = 1 << 20 };

static void give_up_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  memset(data, 0, sizeof data);
  VICTIM_CHECK(syscall(SYS_capset, &header, data) == 0);
}

// Of the mapping that begins at `start`, in KiB.
static long locked(const void* start) {
  char line[512];
  long result = -1;
  int inside = 0;
  FILE* const file = fopen("/proc/self/smaps", "r");
  VICTIM_CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    unsigned long from, to;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
      inside = from <= (unsigned long)start && (unsigned long)start < to;
    } else if (inside && strncmp(line, "Locked:", 7) == 0) {
      result = strtol(line + 7, NULL, 10);
    }
  }
  fclose(file);
  return result;
}

static long total_locked(void) {
  char line[512];
  long result = -1;
  FILE* const file = fopen("/proc/self/status", "r");
  VICTIM_CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "VmLck:", 6) == 0) result = strtol(line + 6, NULL, 10);
  }
  fclose(file);
  return result;
}

static void* allocate(void* unused) {
  free(malloc(3323));
  return unused;
}

int main(int argc, char** argv) {
  VICTIM_CHECK(argc == 3);
  const int flags = atoi(argv[1]);
  const rlim_t bytes = (rlim_t)atol(argv[2]) * 1024;
  const struct rlimit limit = {bytes, bytes};
  VICTIM_CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  give_up_capabilities();
  // Between guards, so that it is a mapping of its own.
  char* const around = mmap(NULL, kSize + 2 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(around != MAP_FAILED);
  char* const before = around + 4096;
  VICTIM_CHECK(mprotect(before, kSize, PROT_READ | PROT_WRITE) == 0);
  const int result = mlockall(flags);
  printf("mlockall %d %s\n", result, result == 0 ? "" : strerror(errno));
  memset(before, 1, kSize / 2);
  printf("before: %s\n", locked(before) == 0                  ? "not locked"
                         : locked(before) >= kSize / 1024 / 2 ? "locked"
                                                              : "in part");
  printf("all of it there: %d\n", locked(before) == kSize / 1024);
  int failed = 0;
  for (int i = 0; i < 300; ++i) {
    if (malloc(3329) == NULL) ++failed;  // NOLINT: kept
  }
  printf("failed blocks %d\n", failed);
  char* const after = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("mapped after: %d\n", after != MAP_FAILED);
  if (after != MAP_FAILED) printf("after: %s\n", locked(after) > 0 ? "locked" : "not locked");
  pthread_attr_t small;
  pthread_attr_init(&small);
  VICTIM_CHECK(pthread_attr_setstacksize(&small, 65536) == 0);
  for (int i = 0; i < 8; ++i) {
    pthread_t thread;
    const int error = pthread_create(&thread, &small, allocate, NULL);
    printf("thread %d\n", error);
    if (error == 0) pthread_join(thread, NULL);
  }
  printf("again %d\n", mlockall(MCL_CURRENT));
  // Nothing of silt's tables: what a program of this size has, and no more.
  printf("little is locked: %d\n", total_locked() < 6144);
  munlockall();
  printf("unlocked: %ld\n", locked(before));
  return 0;
}
