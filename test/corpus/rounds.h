// SPDX-License-Identifier: Apache-2.0
//
// What every C and C++ program of the corpus shares: pacing of its requests, chance from a seed,
// and snapshots that it takes of itself. raise() is synchronous, so a round of requests and the
// snapshot after it need no agreement with the outside. Where CORPUS_IS_ASKED is 1 somebody else
// asks, at times of their own. Nothing here allocates.
//
// Without the interposer each snapshot prints the bytes that glibc counts as in use and the size of
// all data mappings, by which `score --behaviour` proves what each program claims.

#ifndef SILT_TEST_CORPUS_ROUNDS_H_
#define SILT_TEST_CORPUS_ROUNDS_H_

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SILT_NOINLINE __attribute__((noinline))
#define SILT_UNUSED __attribute__((unused))

// The compiler must believe that the block is used, or it drops the allocation.
SILT_UNUSED static inline void keep(const void* block) {
  __asm__ volatile("" ::"g"(block) : "memory");
}

// A number in [0, below), from xorshift32; CORPUS_SEED varies it between runs. Main thread only.
SILT_UNUSED static uint32_t chance(uint32_t below) {
  static uint32_t state;
  if (state == 0) {
    const char* seed = getenv("CORPUS_SEED");
    state = 2463534242u + 7919u * (seed != NULL ? (uint32_t)atoi(seed) : 0u);
  }
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

SILT_UNUSED static long whole_number_of(const char* variable, long otherwise) {
  const char* text = getenv(variable);
  return text != NULL ? atol(text) : otherwise;
}

// Called after each request: naps 16 times in a round of `requests`, 0.13 to 0.32 s in all, and
// CORPUS_SLOWNESS times as long.
SILT_UNUSED static void pace(int request, int requests) {
  const int share = requests / 16 > 0 ? requests / 16 : 1;
  if (request % share != share - 1) return;
  const int naps = requests < 16 ? 16 / requests : 1;
  const long milliseconds = (long)(8 + chance(12)) * naps * whole_number_of("CORPUS_SLOWNESS", 1);
  struct timespec nap = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  nanosleep(&nap, NULL);
}

SILT_UNUSED static void take_snapshot(void) {
  const char* preload = getenv("LD_PRELOAD");
  if (preload != NULL && strstr(preload, "libsilt") != NULL) {
    if (whole_number_of("CORPUS_IS_ASKED", 0) == 0) raise(SIGUSR2);
    return;
  }
  const struct mallinfo2 info = mallinfo2();
  char statm[128] = "";
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(file, statm, sizeof statm - 1);
  close(file);
  long data_pages = 0;
  if (size > 0) sscanf(statm, "%*d %*d %*d %*d %*d %ld", &data_pages);
  dprintf(2, "corpus: process %d in use %zu data %ld\n", (int)getpid(),
          (size_t)(info.uordblks + info.hblkhd), data_pages * 4096);
}

#endif  // SILT_TEST_CORPUS_ROUNDS_H_
