// SPDX-License-Identifier: Apache-2.0
//
// A library that is preloaded beside silt, before it or after it, and does what such libraries do:
// it stands in the way of malloc and free and calls the next, allocates in its constructor, and in
// its destructor, which with one of the orders runs after silt's own.

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static void* (*next_malloc)(size_t);
static void (*next_free)(void*);
static unsigned long calls;

static void find(void* function, const char* name) { *(void**)function = dlsym(RTLD_NEXT, name); }

void* malloc(size_t size) {
  if (next_malloc == NULL) find(&next_malloc, "malloc");
  ++calls;
  return next_malloc(size);
}

void free(void* block) {
  if (next_free == NULL) find(&next_free, "free");
  next_free(block);
}

static void* kept;

__attribute__((constructor)) static void begin(void) { kept = malloc(5601); }

__attribute__((destructor)) static void end(void) {
  free(kept);
  for (int i = 0; i < 100; ++i) {
    char* volatile block = malloc((size_t)i * 100 + 1);
    block[i * 100] = 1;
    free(block);
  }
  const char text[] = "neighbour ends\n";
  if (calls > 100 && write(STDOUT_FILENO, text, sizeof text - 1) < 0) _exit(98);
}
