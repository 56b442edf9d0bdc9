// SPDX-License-Identifier: Apache-2.0
//
// Anonymous regions that are mapped for a job and never unmapped: outside the allocator.
//
// truth: leak region

#include <sys/mman.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static unsigned char* open_job(size_t size) {
  void* region =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);  // LEAK: region
  if (region == MAP_FAILED) abort();
  return region;
}

int main(void) {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 32; i++) {
      unsigned char* job = open_job(64 * 1024);
      memset(job, i, 4096);
      if (i % 4 != 0) munmap(job, 64 * 1024);
      pace(i, 32);
    }
    take_snapshot();
  }
  _exit(0);
}
