// SPDX-License-Identifier: Apache-2.0
//
// How a victim tells the test what is true, and how it waits to be looked at, without allocating.
//
//   expect FUNCTION HEAP LIVE_BLOCKS LIVE_BYTES ALLOCATED_BLOCKS ALLOCATED_BYTES
//     the sums over all stacks that have FUNCTION in them, at the last snapshot; `-` for a number
//     says that it is not promised
//   ready NAME
//     the program stands still until it reads a line: the moment for a snapshot
//
// C and C++; everything is written with write(2) from a buffer on the stack.

#ifndef SILT_TEST_PROGRAMS_TRUTH_H_
#define SILT_TEST_PROGRAMS_TRUTH_H_

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A frame of its own in every stack.
#ifdef __clang__
#define VICTIM_FRAME __attribute__((noinline))
#else
#define VICTIM_FRAME __attribute__((noinline, noclone, noipa))
#endif

// After a call: keeps it from being a tail call, and memory from being assumed.
#define VICTIM_STAY() __asm__ volatile("" : : : "memory")

// The block escapes: the compiler may not drop its allocation.
#define VICTIM_KEEP(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

// Ends the victim with the place and the reason when something is not as it must be.
#define VICTIM_CHECK(condition)                                    \
  do {                                                             \
    if (!(condition)) victim_fail(__FILE__, __LINE__, #condition); \
  } while (0)

static inline void victim_say(const char* text, size_t size) {
  while (size > 0) {
    const ssize_t written = write(STDOUT_FILENO, text, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(97);
    text += written;
    size -= (size_t)written;
  }
}

static inline void victim_fail(const char* file, int line, const char* condition) {
  char text[512];
  const int size = snprintf(text, sizeof text, "%s:%d: not true: %s\n", file, line, condition);
  if (size > 0) victim_say(text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
  _exit(98);
}

static inline void expect_in(const char* function, const char* heap, long live_blocks,
                             long live_bytes, long allocated_blocks, long allocated_bytes) {
  char text[512];
  int size = snprintf(text, sizeof text, "expect %s %s", function, heap);
  const long numbers[4] = {live_blocks, live_bytes, allocated_blocks, allocated_bytes};
  for (int i = 0; i < 4; ++i) {
    if (numbers[i] < 0) {
      size += snprintf(text + size, sizeof text - (size_t)size, " -");
    } else {
      size += snprintf(text + size, sizeof text - (size_t)size, " %ld", numbers[i]);
    }
  }
  text[size++] = '\n';
  victim_say(text, (size_t)size);
}

// `blocks` of `size` bytes allocated below `function`, `freed` of them freed again.
static inline void expect_blocks(const char* function, long blocks, long size, long freed) {
  expect_in(function, "native", blocks - freed, (blocks - freed) * size, blocks, blocks * size);
}

// Says `ready NAME` and waits for a line on standard input; end of input counts as one.
static inline void ready(const char* name) {
  char text[128];
  const int size = snprintf(text, sizeof text, "ready %s\n", name);
  victim_say(text, (size_t)size);
  char c = 0;
  while (c != '\n') {
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
  }
}

#endif  // SILT_TEST_PROGRAMS_TRUTH_H_
