// SPDX-License-Identifier: Apache-2.0
//
// Prints what malloc_usable_size and the alignment of many blocks are: the same with silt as
// without it, since silt adds no header to a block.

#include <malloc.h>
#include <stdint.h>

#include "test/programs/truth.h"

int main(void) {
  static void* blocks[5000];
  unsigned long sum = 0;
  for (size_t size = 0; size < 5000; ++size) {
    blocks[size] = malloc(size);
    VICTIM_CHECK(malloc_usable_size(blocks[size]) >= size);
    VICTIM_CHECK((uintptr_t)blocks[size] % 16 == 0);
    sum = sum * 31 + malloc_usable_size(blocks[size]);
  }
  for (size_t size = 0; size < 5000; ++size) free(blocks[size]);
  char text[64];
  victim_say(text, (size_t)snprintf(text, sizeof text, "usable sizes %lx\n", sum));
  return 0;
}
