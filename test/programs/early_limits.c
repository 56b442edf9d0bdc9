// SPDX-License-Identifier: Apache-2.0
//
// Allocates a little under limits that the test sets from outside (address space, open files, file
// size): with nothing to spare for silt, the program must still run and print the same.

#include "test/programs/truth.h"

VICTIM_FRAME static void leak_under_limits(void) {
  void* block = malloc(4603);
  VICTIM_KEEP(block);
}

int main(void) {
  unsigned sum = 0;
  for (int i = 0; i < 1000; ++i) {
    char* block = malloc(1000 + (size_t)i);
    VICTIM_CHECK(block != NULL);
    memset(block, i, 1000);
    sum = sum * 31 + (unsigned char)block[999];
    free(block);
  }
  for (int i = 0; i < 12; ++i) leak_under_limits();
  char text[64];
  victim_say(text, (size_t)snprintf(text, sizeof text, "sum %x\n", sum));
  ready("done");
  return 0;
}
