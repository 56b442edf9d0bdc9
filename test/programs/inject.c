// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and makes system calls fail that are made from the code of one library, and those
// only: the program's own go through. By ptrace, so that calls that pass libc by are met too.
// usage: inject LIBRARY CALL ERRNO FIRST LAST COUNT_FILE PROGRAM [ARGUMENT...]
//   The FIRST to the LAST call of that number fail with ERRNO (0 0: none); how many there were is
//   written to COUNT_FILE. Its exit status is the program's; 77 says that ptrace is not allowed.

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kProcesses = 64 };

struct Traced {
  pid_t pid;
  int in_call;
  int failing;
};
static struct Traced traced[kProcesses];

static struct Traced* find(pid_t pid) {
  struct Traced* unused = NULL;
  for (int i = 0; i < kProcesses; ++i) {
    if (traced[i].pid == pid) return &traced[i];
    if (traced[i].pid == 0 && unused == NULL) unused = &traced[i];
  }
  if (unused == NULL) abort();
  *unused = (struct Traced){pid, 0, 0};
  return unused;
}

// Whether `address` of a process is code of a file with this name.
static int is_in_library(pid_t pid, uint64_t address, const char* library) {
  static uint64_t known_start, known_end;  // the same in forked children
  if (address - known_start < known_end - known_start) return 1;
  char line[4352];
  snprintf(line, sizeof line, "/proc/%d/maps", pid);
  FILE* const maps = fopen(line, "r");
  int found = 0;
  while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL) {
    uint64_t start, end;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2) continue;
    line[strcspn(line, "\n")] = 0;
    const size_t size = strlen(line);
    const size_t wanted = strlen(library);
    if (address < start || address >= end) continue;
    found = size > wanted && strcmp(line + size - wanted, library) == 0;
    if (found) known_start = start, known_end = end;
    break;
  }
  if (maps != NULL) fclose(maps);
  return found;
}

int main(int count, char** arguments) {
  if (count < 8) return 2;
  const char* const library = arguments[1];
  const uint64_t call = strtoull(arguments[2], NULL, 10);
  const long error = strtol(arguments[3], NULL, 10);
  const long first = strtol(arguments[4], NULL, 10);
  const long last = strtol(arguments[5], NULL, 10);
  const pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(77);
    const char* const preload = getenv("INJECT_PRELOAD");
    if (preload != NULL) setenv("LD_PRELOAD", preload, 1);
    unsetenv("INJECT_PRELOAD");
    execv(arguments[7], arguments + 7);
    _exit(127);
  }
  int status;
  if (waitpid(child, &status, 0) != child) return 2;
  if (!WIFSTOPPED(status)) return WEXITSTATUS(status);
  ptrace(PTRACE_SETOPTIONS, child, 0,
         PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
             PTRACE_O_EXITKILL);
  ptrace(PTRACE_SYSCALL, child, 0, 0);
  long calls = 0;
  int result = 2;
  for (;;) {
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) break;
    struct Traced* const process = find(pid);
    if (!WIFSTOPPED(status)) {
      if (pid == child) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      process->pid = 0;
      continue;
    }
    long deliver = 0;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      struct user_regs_struct registers;
      ptrace(PTRACE_GETREGS, pid, 0, &registers);
      process->in_call = !process->in_call;
      if (process->in_call && registers.orig_rax == call &&
          is_in_library(pid, registers.rip, library)) {
        ++calls;
        if (calls >= first && calls <= last) {
          process->failing = 1;
          registers.orig_rax = (unsigned long long)-1;
          ptrace(PTRACE_SETREGS, pid, 0, &registers);
        }
      } else if (!process->in_call && process->failing) {
        process->failing = 0;
        registers.rax = (unsigned long long)-error;
        ptrace(PTRACE_SETREGS, pid, 0, &registers);
      }
    } else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
      deliver = WSTOPSIG(status);
    }
    ptrace(PTRACE_SYSCALL, pid, 0, deliver);
  }
  FILE* const file = fopen(arguments[6], "w");
  if (file == NULL) return 2;
  fprintf(file, "%ld\n", calls);
  fclose(file);
  return result;
}
