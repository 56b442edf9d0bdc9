// SPDX-License-Identifier: Apache-2.0
//
// A program that forbids itself nearly everything (seccomp), then allocates from stacks that silt
// has not seen before, is asked for snapshots, and ends. It knows which calls it makes itself; any
// other would be silt's, and its death.
//   sandboxed kill|process|trap|error|strict|counter|none [syscall] [map]
//   syscall   puts the filter on by syscall() and not by prctl()
//   map       mapping memory is forbidden as well
//   say       what silt needs to say something is allowed

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "test/programs/truth.h"

static volatile sig_atomic_t traps;
static void on_trap(int number) { traps += number == SIGSYS; }

VICTIM_FRAME static void leak_before_sandbox(void) {
  void* block = malloc(5407);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void leak_in_sandbox(int depth) {
  if (depth > 0) {
    leak_in_sandbox(depth - 1);
  } else {
    void* block = malloc(5413);
    VICTIM_KEEP(block);
  }
  VICTIM_STAY();
}

static int by_value(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

// Room for all that is allocated later: the allocator need not ask the kernel.
static void warm_up(void) {
  VICTIM_CHECK(mallopt(M_TRIM_THRESHOLD, 64 << 20) == 1);
  void* blocks[200];
  for (int i = 0; i < 200; ++i) blocks[i] = malloc(5413);
  for (int i = 0; i < 200; ++i) free(blocks[i]);
}

static void forbid(unsigned action, int by_syscall, int no_mapping, int may_say) {
  const int allowed[] = {SYS_read,
                         SYS_write,
                         SYS_exit_group,
                         SYS_rt_sigreturn,
                         SYS_brk,
                         SYS_tgkill,
                         SYS_futex,
                         SYS_getpid,
                         SYS_gettid,
                         SYS_rt_sigprocmask,
                         SYS_sigaltstack,
                         no_mapping ? -1 : SYS_mmap,
                         no_mapping ? -1 : SYS_munmap,
                         may_say ? SYS_writev : -1,
                         may_say ? SYS_fstat : -1};
  enum { kAllowed = sizeof allowed / sizeof *allowed };
  struct sock_filter code[2 * kAllowed + 2];
  int at = 0;
  code[at++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < kAllowed; ++i) {
    code[at++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
  const struct sock_fprog program = {(unsigned short)at, code};
  VICTIM_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  const long result = by_syscall ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)
                                 : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
  VICTIM_CHECK(result == 0);
}

// As libraries ask the kernel, with arguments that it must refuse.
static void find_out_what_there_is(void) {
  VICTIM_CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) == -1 && errno == EINVAL);
  VICTIM_CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1);
  VICTIM_CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  VICTIM_CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8, 0, 0) == -1 && errno == EFAULT);
  const struct sock_fprog nowhere = {10, (struct sock_filter*)(uintptr_t)8};
  VICTIM_CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &nowhere) == -1);
  VICTIM_CHECK(errno == EFAULT);
}

int main(int count, char** arguments) {
  const char* const way = count > 1 ? arguments[1] : "";
  int by_syscall = 0;
  int no_mapping = 0;
  int may_say = 0;
  for (int i = 2; i < count; ++i) {
    by_syscall |= strcmp(arguments[i], "syscall") == 0;
    no_mapping |= strcmp(arguments[i], "map") == 0;
    may_say |= strcmp(arguments[i], "say") == 0;
  }
  signal(SIGSYS, on_trap);
  find_out_what_there_is();
  for (int i = 0; i < 3; ++i) leak_before_sandbox();
  warm_up();
  if (strcmp(way, "kill") == 0) forbid(SECCOMP_RET_KILL_THREAD, by_syscall, no_mapping, may_say);
  if (strcmp(way, "process") == 0)
    forbid(SECCOMP_RET_KILL_PROCESS, by_syscall, no_mapping, may_say);
  if (strcmp(way, "trap") == 0) forbid(SECCOMP_RET_TRAP, by_syscall, no_mapping, may_say);
  if (strcmp(way, "error") == 0) forbid(SECCOMP_RET_ERRNO | EPERM, by_syscall, no_mapping, may_say);
  const int strict = strcmp(way, "strict") == 0;
  if (strict) VICTIM_CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0);
  if (strcmp(way, "counter") == 0) VICTIM_CHECK(prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0);
  for (int i = 0; i < 40; ++i) leak_in_sandbox(i);
  int numbers[100];
  for (int i = 0; i < 100; ++i) numbers[i] = (i * 37) % 101;
  qsort(numbers, 100, sizeof *numbers, by_value);
  VICTIM_CHECK(numbers[1] > 0);
  if (!strict) raise(SIGUSR2);
  for (int i = 0; i < 600; ++i) free(malloc((size_t)i));
  if (!strict && !no_mapping) {
    void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VICTIM_CHECK(mapping != MAP_FAILED && munmap(mapping, 8192) == 0);
  }
  VICTIM_CHECK(traps == 0);
  victim_say("out of the sandbox\n", 19);
  if (strict) syscall(SYS_exit, 5);
  exit(5);
}
