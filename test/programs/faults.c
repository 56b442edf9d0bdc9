// SPDX-License-Identifier: Apache-2.0
//
// A bit of everything that makes silt call the kernel: allocation from many stacks, mappings, a
// thread, a forked child, two snapshots and the one at exit. The test makes those calls fail, one
// after the other; what is printed must not depend on it.

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "test/programs/truth.h"

VICTIM_FRAME static unsigned at_depth(int depth) {
  unsigned char* block = malloc(100 + (size_t)depth);
  VICTIM_CHECK(block != NULL);
  memset(block, depth, 100);
  const unsigned below = depth > 0 ? at_depth(depth - 1) : 0;
  unsigned char* const moved = realloc(block, 5000);
  VICTIM_CHECK(moved != NULL);
  const unsigned sum = below * 31 + moved[99];
  if (depth % 3 != 0) free(moved);
  return sum;
}

static unsigned use_mappings(void) {
  unsigned sum = 0;
  for (int i = 1; i < 20; ++i) {
    const size_t size = (size_t)i * 4096;
    unsigned char* mapping =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VICTIM_CHECK(mapping != MAP_FAILED);
    mapping[size - 1] = (unsigned char)i;
    mapping = mremap(mapping, size, 2 * size, MREMAP_MAYMOVE);
    VICTIM_CHECK(mapping != MAP_FAILED);
    sum += mapping[size - 1];
    VICTIM_CHECK(munmap(mapping, 2 * size) == 0);
  }
  return sum;
}

static void* in_thread(void* sum) {
  *(unsigned*)sum += at_depth(30);
  return NULL;
}

int main(void) {
  unsigned sum = at_depth(60) + use_mappings();
  raise(SIGUSR2);
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, in_thread, &sum) == 0);
  VICTIM_CHECK(pthread_join(thread, NULL) == 0);
  const pid_t child = fork();
  VICTIM_CHECK(child >= 0);
  if (child == 0) {
    sum += at_depth(10);
    exit((int)(sum % 100));
  }
  int status = -1;
  VICTIM_CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
  raise(SIGUSR2);
  // Blocks far apart: each needs a table of its own.
  for (int i = 0; i < 4; ++i) {
    void* const far = malloc((size_t)40 << 20);
    VICTIM_KEEP(far);
    free(far);
  }
  errno = 0;
  VICTIM_CHECK(malloc((size_t)1 << 60) == NULL && errno == ENOMEM);
  char text[64];
  victim_say(text, (size_t)snprintf(text, sizeof text, "sum %x, child %x\n", sum, status));
  return 3;
}
