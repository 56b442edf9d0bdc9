// SPDX-License-Identifier: Apache-2.0
//
// Leaks forty blocks for each character that it reads, and allocates nothing else. After an 's' it
// asks for a snapshot itself.

#include <signal.h>

#include "test/programs/truth.h"

VICTIM_FRAME static void leak_some(void) {
  for (int i = 0; i < 40; ++i) {
    void* block = malloc(1607);
    VICTIM_KEEP(block);
  }
}

int main(void) {
  char c = 0;
  victim_say("ready begun\n", 12);
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (c == '\n') continue;
    leak_some();
    if (c == 's') raise(SIGUSR2);
    victim_say("stepped\n", 8);
  }
  return 0;
}
