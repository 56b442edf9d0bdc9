// SPDX-License-Identifier: Apache-2.0
//
// early_ends main: the main thread ends, and another keeps what it allocates until a line comes.
// early_ends wait: it ends as soon as a signal interrupts its wait, which it asks the kernel for past
// libc, whose waits go on after silt's signal.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 50

static void* kept[BLOCKS];

__attribute__((noinline)) static void keep_in_thread(void) {
  for (int i = 0; i < BLOCKS; ++i) kept[i] = malloc(1000);
}

static void* work(void* main_thread) {
  pthread_join(*(pthread_t*)main_thread, NULL);
  keep_in_thread();
  // Joined as soon as its id is cleared, which is before the kernel has let go what it had.
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
  do {
    usleep(1000);
    FILE* const file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof(text), file) == NULL) exit(2);
    fclose(file);
  } while (strstr(text, ") Z ") == NULL);
  puts("ready ends");
  fflush(stdout);
  getchar();
  exit(0);
}

int main(int count, char** arguments) {
  static pthread_t self, other;
  self = pthread_self();
  if (count > 1 && strcmp(arguments[1], "main") == 0) {
    if (pthread_create(&other, NULL, work, &self) != 0) return 2;
    pthread_exit(NULL);
  }
  free(malloc(10));
  puts("ready ends");
  fflush(stdout);
  const struct timespec minute = {60, 0};
  return syscall(SYS_ppoll, NULL, 0, &minute, NULL, 0) < 0 ? 0 : 1;
}
