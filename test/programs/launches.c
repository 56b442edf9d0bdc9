// SPDX-License-Identifier: Apache-2.0
//
// The ways to start and to end a program: exec, vfork, posix_spawn, system, popen; exit, _exit,
// quick_exit, abort, a fatal signal. Each must do with silt what it does without.
// usage: launches self|exec|vfork|spawn|system|exit|_exit|quick_exit|abort|killed|daemon [ARG]

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "test/programs/truth.h"

extern char** environ;

VICTIM_FRAME static void leak_before_end(void) {
  void* block = malloc(3607);
  VICTIM_KEEP(block);
}

static void report_status(int status) {
  char text[64];
  victim_say(text, (size_t)snprintf(text, sizeof text, "status %x\n", (unsigned)status));
}

static int wait_for(pid_t pid) {
  int status = 0;
  VICTIM_CHECK(waitpid(pid, &status, 0) == pid);
  report_status(status);
  return 0;
}

static void at_quick_exit_called(void) { victim_say("at_quick_exit\n", 14); }
static void at_exit_called(void) { victim_say("atexit\n", 7); }

// Twice forked, a session of its own, no terminal, no folder, nothing open: a classic daemon.
static int become_daemon(const char* done_path) {
  pid_t pid = fork();
  VICTIM_CHECK(pid >= 0);
  if (pid > 0) return wait_for(pid);
  setsid();
  pid = fork();
  VICTIM_CHECK(pid >= 0);
  if (pid > 0) _exit(0);
  VICTIM_CHECK(chdir("/") == 0);
  for (int fd = 0; fd < 1024; ++fd) close(fd);
  for (int i = 0; i < 9; ++i) leak_before_end();
  const int fd = open(done_path, O_WRONLY | O_CREAT, 0600);
  if (fd != 0) _exit(1);
  exit(0);
}

int main(int argc, char** argv) {
  VICTIM_CHECK(argc >= 2);
  const char* way = argv[1];
  for (int i = 0; i < 3; ++i) leak_before_end();
  char* child_arguments[] = {argv[0], (char*)"self", NULL};

  if (strcmp(way, "self") == 0) {
    victim_say("the child\n", 10);
    return 7;
  }
  if (strcmp(way, "exec") == 0) {
    execv(argv[0], child_arguments);
    return 1;
  }
  if (strcmp(way, "vfork") == 0) {
    const pid_t pid = vfork();
    if (pid == 0) {
      execv(argv[0], child_arguments);
      _exit(1);
    }
    wait_for(pid);
    const pid_t other = vfork();
    if (other == 0) _exit(9);
    return wait_for(other);
  }
  if (strcmp(way, "spawn") == 0) {
    pid_t pid = 0;
    VICTIM_CHECK(posix_spawn(&pid, argv[0], NULL, NULL, child_arguments, environ) == 0);
    return wait_for(pid);
  }
  if (strcmp(way, "system") == 0) {
    report_status(system("echo from the shell; exit 5"));
    FILE* pipe = popen("echo through a pipe", "r");
    char line[64];
    VICTIM_CHECK(pipe != NULL && fgets(line, sizeof line, pipe) != NULL);
    victim_say(line, strlen(line));
    report_status(pclose(pipe));
    return 0;
  }
  atexit(at_exit_called);
  at_quick_exit(at_quick_exit_called);
  if (strcmp(way, "exit") == 0) exit(11);
  if (strcmp(way, "_exit") == 0) _exit(12);
  if (strcmp(way, "quick_exit") == 0) quick_exit(13);
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "killed") == 0) raise(SIGSEGV);
  if (strcmp(way, "daemon") == 0 && argc == 3) return become_daemon(argv[2]);
  return 2;
}
