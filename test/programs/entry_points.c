// SPDX-License-Identifier: Apache-2.0
//
// Every C entry point of the allocator, each from a function of its own with sizes of its own. What
// the standard or glibc promises is checked here too: alignment, zeroes, errno, failures that lose
// nothing.

#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>

#include "test/programs/truth.h"

static volatile size_t huge = SIZE_MAX / 2;

static void check_aligned(void* block, size_t alignment) {
  VICTIM_CHECK(block != NULL);
  VICTIM_CHECK((uintptr_t)block % alignment == 0);
}

VICTIM_FRAME static void call_malloc(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = malloc(1101);
    VICTIM_KEEP(block);
    check_aligned(block, 16);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_calloc(void) {
  for (int i = 0; i < 5; ++i) {
    unsigned char* block = calloc(11, 103);
    VICTIM_KEEP(block);
    for (int k = 0; k < 11 * 103; ++k) VICTIM_CHECK(block[k] == 0);
    if (i < 2) free(block);
  }
  errno = 0;
  void* overflow = calloc(huge, 3);
  VICTIM_KEEP(overflow);
  VICTIM_CHECK(overflow == NULL && errno == ENOMEM);
}

VICTIM_FRAME static void* grow(void* block) {
  void* grown = realloc(block, 20011);
  VICTIM_KEEP(grown);
  return grown;
}

VICTIM_FRAME static void* start_small(void) {
  void* block = malloc(1151);
  VICTIM_KEEP(block);
  return block;
}

// The block belongs to the call that gave it its last size.
VICTIM_FRAME static void call_realloc_grow(void) {
  for (int i = 0; i < 5; ++i) {
    char* block = start_small();
    memset(block, i + 1, 1151);
    block = grow(block);
    VICTIM_KEEP(block);
    for (int k = 0; k < 1151; ++k) VICTIM_CHECK(block[k] == i + 1);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_realloc_null(void) {
  void* block = realloc(NULL, 1163);
  VICTIM_KEEP(block);
}

// A realloc that fails leaves the old block where and as it was.
VICTIM_FRAME static void call_realloc_fail(void) {
  char* block = malloc(1171);
  memset(block, 7, 1171);
  VICTIM_KEEP(block);
  errno = 0;
  void* failed = realloc(block, huge);
  VICTIM_KEEP(failed);
  VICTIM_CHECK(failed == NULL && errno == ENOMEM);
  for (int k = 0; k < 1171; ++k) VICTIM_CHECK(block[k] == 7);
}

// glibc frees the block and returns NULL.
VICTIM_FRAME static void call_realloc_zero(void) {
  void* block = malloc(1181);
  VICTIM_KEEP(block);
  volatile size_t nothing = 0;
  void* after = realloc(block, nothing);
  VICTIM_KEEP(after);
  VICTIM_CHECK(after == NULL);
}

VICTIM_FRAME static void call_reallocarray(void) {
  void* block = malloc(1187);
  VICTIM_KEEP(block);
  errno = 0;
  void* failed = reallocarray(block, huge, 7);
  VICTIM_KEEP(failed);
  VICTIM_CHECK(failed == NULL && errno == ENOMEM);
  block = reallocarray(block, 7, 1193);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void call_posix_memalign(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = NULL;
    errno = 77;
    VICTIM_CHECK(posix_memalign(&block, 256, 1201) == 0);
    VICTIM_CHECK(errno == 77);
    check_aligned(block, 256);
    if (i < 2) free(block);
  }
  void* block = (void*)&huge;
  VICTIM_CHECK(posix_memalign(&block, 3, 1201) == EINVAL);
  VICTIM_CHECK(posix_memalign(&block, 256, huge) == ENOMEM);
}

VICTIM_FRAME static void call_aligned_alloc(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = aligned_alloc(512, 1536);
    VICTIM_KEEP(block);
    check_aligned(block, 512);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_memalign(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = memalign(128, 1213);
    VICTIM_KEEP(block);
    check_aligned(block, 128);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_valloc(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = valloc(1217);
    VICTIM_KEEP(block);
    check_aligned(block, 4096);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_pvalloc(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = pvalloc(8192);
    VICTIM_KEEP(block);
    check_aligned(block, 4096);
    if (i < 2) free(block);
  }
}

// An empty block is a block.
VICTIM_FRAME static void call_malloc_empty(void) {
  for (int i = 0; i < 5; ++i) {
    volatile size_t nothing = 0;
    void* block = malloc(nothing);
    VICTIM_KEEP(block);
    VICTIM_CHECK(block != NULL);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_malloc_large(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = malloc(5000011);
    VICTIM_KEEP(block);
    if (i < 2) free(block);
  }
}

VICTIM_FRAME static void call_malloc_fail(void) {
  errno = 0;
  void* failed = malloc(huge);
  VICTIM_KEEP(failed);
  VICTIM_CHECK(failed == NULL && errno == ENOMEM);
}

VICTIM_FRAME static void call_libc(void) {
  char* text = strdup("a text of exactly forty characters, counted");
  VICTIM_KEEP(text);
}

int main(void) {
  call_malloc();
  call_calloc();
  call_realloc_grow();
  call_realloc_null();
  call_realloc_fail();
  call_realloc_zero();
  call_reallocarray();
  call_posix_memalign();
  call_aligned_alloc();
  call_memalign();
  call_valloc();
  call_pvalloc();
  call_malloc_empty();
  call_malloc_large();
  call_malloc_fail();
  call_libc();
  errno = 55;
  free(NULL);
  VICTIM_CHECK(errno == 55);

  expect_blocks("call_malloc", 5, 1101, 2);
  expect_blocks("call_calloc", 5, 11 * 103, 2);
  expect_in("start_small", "native", 0, 0, -1, -1);
  expect_in("grow", "native", 3, 3 * 20011, -1, -1);
  expect_blocks("call_realloc_null", 1, 1163, 0);
  expect_in("call_realloc_fail", "native", 1, 1171, -1, -1);
  expect_in("call_realloc_zero", "native", 0, 0, 1, 1181);
  expect_in("call_reallocarray", "native", 1, 7 * 1193, -1, -1);
  expect_blocks("call_posix_memalign", 5, 1201, 2);
  expect_blocks("call_aligned_alloc", 5, 1536, 2);
  expect_blocks("call_memalign", 5, 1213, 2);
  expect_blocks("call_valloc", 5, 1217, 2);
  expect_blocks("call_pvalloc", 5, 8192, 2);
  expect_blocks("call_malloc_empty", 5, 0, 2);
  expect_blocks("call_malloc_large", 5, 5000011, 2);
  expect_in("call_malloc_fail", "native", 0, 0, 0, 0);
  expect_blocks("call_libc", 1, 44, 0);
  ready("done");
  return 0;
}
