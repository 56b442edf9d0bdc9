// SPDX-License-Identifier: Apache-2.0
//
// Asks for more memory than there can be, in every way, then allocates as anybody does: what failed
// must not change how what follows is recorded.

#include <malloc.h>
#include <stdint.h>

#include "test/programs/truth.h"

VICTIM_FRAME static void keep_some(void) {
  for (int i = 0; i < 100; ++i) {
    void* block = malloc(4241);
    VICTIM_CHECK(block != NULL);
    VICTIM_KEEP(block);
  }
}

int main(void) {
  static const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 2, SIZE_MAX / 4 * 3};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
    volatile size_t size = sizes[i];
    VICTIM_CHECK(malloc(size) == NULL);
    VICTIM_CHECK(calloc(1, size) == NULL);
    VICTIM_CHECK(calloc(size, 3) == NULL);
    VICTIM_CHECK(realloc(NULL, size) == NULL);
    VICTIM_CHECK(memalign(64, size) == NULL);
    VICTIM_CHECK(aligned_alloc(64, size) == NULL);
  }
  keep_some();
  expect_blocks("keep_some", 100, 4241, 0);
  ready("done");
  return 0;
}
