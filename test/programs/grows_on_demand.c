// SPDX-License-Identifier: Apache-2.0
//
// Grows by 8 MiB for each `g` that it reads, gives all of it back for an `f`, and says so; in
// between it goes on allocating a little, as a program does that works.

#include <malloc.h>
#include <poll.h>

#include "test/programs/truth.h"

enum { kStep = 8 << 20, kBlock = 64 << 10, kBlocks = kStep / kBlock, kMost = 64 * kBlocks };

static void* blocks[kMost];
static int held;

VICTIM_FRAME static void grow(void) {
  for (int i = 0; i < kBlocks && held < kMost; ++i) {
    blocks[held] = malloc(kBlock);
    VICTIM_CHECK(blocks[held] != NULL);
    memset(blocks[held++], 1, kBlock);
  }
}

VICTIM_FRAME static void give_back(void) {
  while (held > 0) free(blocks[--held]);
  malloc_trim(0);
}

int main(void) {
  victim_say("ready begun\n", 12);
  for (;;) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 1) <= 0) {
      for (int i = 1; i < 50; ++i) free(malloc((size_t)i));
      continue;
    }
    char c = 0;
    if (read(STDIN_FILENO, &c, 1) <= 0) break;
    if (c == 'g') grow();
    if (c == 'f') give_back();
    if (c != '\n') victim_say("stepped\n", 8);
  }
  return 0;
}
