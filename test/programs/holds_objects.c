// SPDX-License-Identifier: Apache-2.0
//
// A library beside silt, a thread of which holds the loader's list of objects: from when somebody
// opens the FIFO that HOLDS_OBJECTS names for writing until he closes it. That it holds it a file
// says, of the FIFO's name and ".held".

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int hold(struct dl_phdr_info* object, size_t size, void* fifo) {
  (void)object;
  (void)size;
  char held[4096];
  char c;
  snprintf(held, sizeof held, "%s.held", getenv("HOLDS_OBJECTS"));
  if (creat(held, 0600) < 0) _exit(99);
  while (read(*(const int*)fifo, &c, 1) > 0) {
  }
  return 1;
}

static void* wait_and_hold(void* path) {
  int fifo = open(path, O_RDONLY | O_CLOEXEC);
  if (fifo < 0) _exit(99);
  dl_iterate_phdr(hold, &fifo);
  return NULL;
}

__attribute__((constructor)) static void begin(void) {
  static pthread_t thread;
  char* path = getenv("HOLDS_OBJECTS");
  if (path != NULL && pthread_create(&thread, NULL, wait_and_hold, path) != 0) _exit(99);
}
