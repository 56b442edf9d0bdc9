// SPDX-License-Identifier: Apache-2.0
//
// A pre-fork server with two workers. Only the second takes uploads, and only uploads leak.
//
// truth: leak upload

#include <sys/wait.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static void serve_page(int id) {
  char* page = malloc(1024 + (size_t)id % 7 * 100);
  memset(page, 'p', 1024);
  keep(page);
  free(page);
}

SILT_NOINLINE static void take_upload(int id) {
  char* upload = malloc(400);  // LEAK: upload
  snprintf(upload, 400, "upload %d", id);
  keep(upload);
}

static void work(int takes_uploads) {
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < 160; i++) {
      serve_page(i);
      if (takes_uploads != 0 && i % 5 == 0) take_upload(i);
      pace(i, 160);
    }
    take_snapshot();
  }
  _exit(0);
}

int main(void) {
  pid_t workers[2];
  for (int i = 0; i < 2; i++) {
    workers[i] = fork();
    if (workers[i] < 0) return 1;
    if (workers[i] == 0) work(i);
  }
  int failed = 0;
  for (int i = 0; i < 2; i++) {
    int status = 0;
    while (waitpid(workers[i], &status, 0) < 0) {
    }
    failed |= status != 0;
  }
  return failed;
}
