// SPDX-License-Identifier: Apache-2.0
//
// A process and its forked child, each of which leaks when it is told to, and says so when it has.
// Reads letters: `f` forks (and says the child's pid), `p` the parent leaks, `c` the child does.

#include <sys/wait.h>

#include "test/programs/truth.h"

static int to_child[2];
static int from_child[2];

VICTIM_FRAME static void leak_in_parent(void) {
  for (int i = 0; i < 10; ++i) {
    void* block = malloc(1009);
    VICTIM_KEEP(block);
  }
}

VICTIM_FRAME static void leak_in_child(void) {
  for (int i = 0; i < 7; ++i) {
    void* block = malloc(2003);
    VICTIM_KEEP(block);
  }
}

static ssize_t read_letter(int fd, char* c) {
  ssize_t got;
  do {
    got = read(fd, c, 1);
  } while (got < 0 && errno == EINTR);
  return got;
}

static void be_child(void) {
  close(to_child[1]);
  char c;
  while (read_letter(to_child[0], &c) == 1) {
    leak_in_child();
    VICTIM_CHECK(write(from_child[1], &c, 1) == 1);
  }
  _exit(0);
}

int main(void) {
  VICTIM_CHECK(pipe(to_child) == 0 && pipe(from_child) == 0);
  victim_say("ready begun\n", 12);
  char c;
  while (read_letter(STDIN_FILENO, &c) == 1) {
    if (c == 'f') {
      const pid_t child = fork();
      VICTIM_CHECK(child >= 0);
      if (child == 0) be_child();
      char text[64];
      victim_say(text, (size_t)snprintf(text, sizeof text, "child %d\n", (int)child));
    }
    if (c == 'p') leak_in_parent();
    if (c == 'c') {
      VICTIM_CHECK(write(to_child[1], "c", 1) == 1);
      VICTIM_CHECK(read_letter(from_child[0], &c) == 1);
    }
    if (c == 'p' || c == 'c') victim_say("done\n", 5);
  }
  close(to_child[1]);
  while (wait(NULL) > 0 || errno == EINTR) {
  }
  return 0;
}
