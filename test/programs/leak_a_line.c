// SPDX-License-Identifier: Apache-2.0
//
// Leaks forty blocks for each line that it reads, and uses memory that it gives back meanwhile, for
// as many steps as the test likes.

#include "test/programs/truth.h"

VICTIM_FRAME static void leak_some(void) {
  for (int i = 0; i < 40; ++i) {
    void* block = malloc(1607);
    VICTIM_KEEP(block);
  }
}

VICTIM_FRAME static void use_some(void) {
  void* blocks[60];
  for (int i = 0; i < 60; ++i) blocks[i] = malloc(311);
  for (int i = 0; i < 60; ++i) free(blocks[i]);
}

int main(void) {
  char c = 0;
  victim_say("ready begun\n", 12);
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    leak_some();
    use_some();
    victim_say("stepped\n", 8);
  }
  return 0;
}
