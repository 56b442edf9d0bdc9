// SPDX-License-Identifier: Apache-2.0
//
// asprintf whose text is used and forgotten; the block is last sized inside libc.
//
// truth: leak message

#include "test/corpus/rounds.h"

SILT_NOINLINE static int report_status(int id) {
  char* message = NULL;
  const int length = asprintf(&message, "request %d took %d us", id, id * 37);  // LEAK: message
  keep(message);
  return length;
}

int main(void) {
  int total = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 240; i++) {
      total += report_status(i);
      pace(i, 240);
    }
    take_snapshot();
  }
  return total == 0;
}
