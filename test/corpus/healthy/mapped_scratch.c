// SPDX-License-Identifier: Apache-2.0
//
// Anonymous regions that are mapped, resized and unmapped in turn; two to five are open at once.
//
// truth: healthy

#include <sys/mman.h>

#include "test/corpus/rounds.h"

static void* regions[5];
static size_t sizes[5];

SILT_NOINLINE static void reopen(int slot) {
  if (regions[slot] != NULL) {
    munmap(regions[slot], sizes[slot]);
    regions[slot] = NULL;
    if (slot >= 2) return;
  }
  sizes[slot] = (1 + chance(16)) * 4096;
  void* region =
      mmap(NULL, sizes[slot], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) abort();
  const size_t size = (1 + chance(16)) * 4096;
  region = mremap(region, sizes[slot], size, MREMAP_MAYMOVE);
  if (region == MAP_FAILED) abort();
  sizes[slot] = size;
  regions[slot] = region;
  memset(region, slot, 4096);
}

int main(void) {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      reopen((int)chance(5));
      pace(i, 160);
    }
    take_snapshot();
  }
  return 0;
}
