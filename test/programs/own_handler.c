// SPDX-License-Identifier: Apache-2.0
//
// A program that uses one of silt's signals itself (own_handler [NUMBER], by default SIGUSR2). A
// plain kill goes to its handler, with the arguments and the context it asked for; what `silt dump`
// sends does not. It changes its handler by each of the ways there are, reads back what it set, and
// says how often it was called.
// Commands on standard input, one a line: info, plain, bsd, sysv, sigset, hold, release, sigignore,
// ignore, default, count, quit.

#include <signal.h>

#include "test/programs/truth.h"

// The headers declare it for old programs only, and warn of the others.
sighandler_t bsd_signal(int signal_number, sighandler_t handler);
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static int number = SIGUSR2;
static volatile sig_atomic_t plain_calls;
static volatile sig_atomic_t info_calls;

static void plain_handler(int signal_number) {
  VICTIM_CHECK(signal_number == number);
  ++plain_calls;
}

static void info_handler(int signal_number, siginfo_t* info, void* context) {
  VICTIM_CHECK(signal_number == number && info->si_signo == number && context != NULL);
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  VICTIM_CHECK(sigismember(&blocked, SIGTERM) == 1);
  ++info_calls;
}

VICTIM_FRAME static void leak_in_own_handler(void) {
  void* block = malloc(3701);
  VICTIM_KEEP(block);
}

// Reads one line; a signal may interrupt the read.
static int read_line(char* line, int size) {
  int used = 0;
  while (used < size - 1) {
    const ssize_t got = read(STDIN_FILENO, line + used, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line[used] == '\n') break;
    ++used;
  }
  line[used] = 0;
  return used;
}

static void use_info_handler(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = info_handler;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaddset(&action.sa_mask, SIGTERM);
  VICTIM_CHECK(sigaction(number, &action, NULL) == 0);
  struct sigaction now;
  VICTIM_CHECK(sigaction(number, NULL, &now) == 0);
  VICTIM_CHECK(now.sa_sigaction == info_handler && (now.sa_flags & SA_SIGINFO));
  VICTIM_CHECK(sigismember(&now.sa_mask, SIGTERM) == 1);
}

int main(int count, char** arguments) {
  if (count > 1) number = atoi(arguments[1]);
  struct sigaction before;
  VICTIM_CHECK(sigaction(number, NULL, &before) == 0);
  VICTIM_CHECK(before.sa_handler == SIG_DFL);
  for (int i = 0; i < 3; ++i) leak_in_own_handler();
  char line[32];
  victim_say("ready\n", 6);
  while (read_line(line, sizeof line) > 0 && strcmp(line, "quit") != 0) {
    if (strcmp(line, "info") == 0) {
      use_info_handler();
    } else if (strcmp(line, "plain") == 0) {
      signal(number, plain_handler);
      VICTIM_CHECK(signal(number, plain_handler) == plain_handler);
    } else if (strcmp(line, "bsd") == 0) {
      VICTIM_CHECK(bsd_signal(number, plain_handler) != SIG_ERR);
    } else if (strcmp(line, "sysv") == 0) {  // good for one call only
      VICTIM_CHECK(__sysv_signal(number, plain_handler) != SIG_ERR);
    } else if (strcmp(line, "sigset") == 0) {
      VICTIM_CHECK(sigset(number, plain_handler) != SIG_ERR);
    } else if (strcmp(line, "hold") == 0) {
      VICTIM_CHECK(sigset(number, SIG_HOLD) == plain_handler);
    } else if (strcmp(line, "release") == 0) {
      VICTIM_CHECK(sigset(number, plain_handler) == SIG_HOLD);
    } else if (strcmp(line, "sigignore") == 0) {
      VICTIM_CHECK(sigignore(number) == 0);
      VICTIM_CHECK(signal(number, SIG_IGN) == SIG_IGN);
    } else if (strcmp(line, "ignore") == 0) {
      signal(number, SIG_IGN);
    } else if (strcmp(line, "default") == 0) {
      signal(number, SIG_DFL);
    }
    char text[64];
    victim_say(text, (size_t)snprintf(text, sizeof text, "plain %d info %d\n", (int)plain_calls,
                                      (int)info_calls));
  }
  return 0;
}
