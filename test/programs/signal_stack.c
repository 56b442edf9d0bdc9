// SPDX-License-Identifier: Apache-2.0
//
// Allocation inside signal handlers, on the thread's own stack and on an alternate one: the stack
// goes from the handler through the frame the kernel made to the code that was interrupted. The
// signal is raised where no allocator call is under way.

#include <signal.h>
#include <ucontext.h>

#include "test/programs/truth.h"

VICTIM_FRAME static void allocate_in_handler(void) {
  void* block = malloc(3203);
  VICTIM_KEEP(block);
}

static void on_signal(int signal_number) {
  (void)signal_number;
  allocate_in_handler();
  VICTIM_STAY();
}

VICTIM_FRAME static void allocate_on_alternate_stack(void) {
  void* block = malloc(3209);
  VICTIM_KEEP(block);
}

static void on_alternate_stack(int signal_number) {
  (void)signal_number;
  allocate_on_alternate_stack();
  VICTIM_STAY();
}

// A fault is delivered at the very instruction, whose address is exact and no return address.
VICTIM_FRAME static void allocate_after_trap(void) {
  void* block = malloc(3217);
  VICTIM_KEEP(block);
}

static void on_trap(int signal_number, siginfo_t* info, void* context) {
  (void)signal_number;
  (void)info;
  (void)context;
  allocate_after_trap();
#ifdef __aarch64__
  ((ucontext_t*)context)->uc_mcontext.pc += 4;  // past brk
#endif
  VICTIM_STAY();
}

VICTIM_FRAME static void interrupted_code(int signal_number) {
  raise(signal_number);
  VICTIM_STAY();
}

// (It calls nothing: where a call leaves its return address in a register it is still there.)
#ifdef __aarch64__
#define VICTIM_TRAP "brk #0"
#else
#define VICTIM_TRAP "int3"
#endif
VICTIM_FRAME static void trapping_code(void) { __asm__ volatile(VICTIM_TRAP : : : "memory"); }

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGUSR1, &action, NULL);

  static char stack[65536];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  VICTIM_CHECK(sigaltstack(&alternate, NULL) == 0);
  action.sa_handler = on_alternate_stack;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGALRM, &action, NULL);
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, NULL);

  for (int i = 0; i < 10; ++i) {
    interrupted_code(SIGUSR1);
    interrupted_code(SIGALRM);
    trapping_code();
  }
  expect_blocks("allocate_in_handler", 10, 3203, 0);
  expect_blocks("on_signal", 10, 3203, 0);
  expect_blocks("allocate_on_alternate_stack", 10, 3209, 0);
  expect_in("interrupted_code", "native", 20, -1, -1, -1);
  expect_blocks("allocate_after_trap", 10, 3217, 0);
  expect_blocks("trapping_code", 10, 3217, 0);
  expect_in("main", "native", 30, -1, -1, -1);
  ready("done");
  return 0;
}
