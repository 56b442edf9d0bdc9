// SPDX-License-Identifier: Apache-2.0
//
// As a program that has a CPython from before version 3.7 in it: it exports what all of them do,
// and not what silt joins. Prints a line, so that somebody sees that it ran.

#include <stdio.h>
#include <stdlib.h>

const char* Py_GetVersion(void) { return "3.6.15"; }

int main(void) {
  for (int i = 0; i < 1000; ++i) free(malloc(100 + (size_t)i));
  printf("%s\n", Py_GetVersion());
  return 0;
}
