// SPDX-License-Identifier: Apache-2.0
//
// A plug-in whose constructor, under the loader's lock, says on one descriptor that it is there and
// waits on another until it may go on; see loader.c. HOLDS_LOADER=SAYS,WAITS.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void hold(void) {
  const char* const text = getenv("HOLDS_LOADER");
  int says = -1;
  int waits = -1;
  char c = 0;
  if (text == NULL || sscanf(text, "%d,%d", &says, &waits) != 2) return;
  if (write(says, "", 1) != 1 || read(waits, &c, 1) != 1) _exit(99);
}
