// SPDX-License-Identifier: Apache-2.0
//
// What few programs call by these names, and silt hooks all the same: the old names of signal()
// and longjmp(), the checked longjmp of fortified programs, the free functions of C23, _Exit.

#include <setjmp.h>
#include <signal.h>
#include <sys/types.h>

#include "test/programs/truth.h"

// Not in every C library's headers under these names.
extern void plain_longjmp(jmp_buf, int) __asm__("longjmp") __attribute__((noreturn));
extern void old_longjmp(jmp_buf, int) __asm__("_longjmp") __attribute__((noreturn));
extern void checked_longjmp(jmp_buf, int) __asm__("__longjmp_chk") __attribute__((noreturn));
typedef void (*handler_t)(int);
handler_t ssignal(int, handler_t);
handler_t sysv_signal(int, handler_t);
// Of C23; glibc had them late, silt always.
__attribute__((weak)) void free_sized(void*, size_t);
__attribute__((weak)) void free_aligned_sized(void*, size_t, size_t);

static volatile sig_atomic_t handled;
static jmp_buf outside;

static void handle(int number) { handled = number; }

static void check_handler(handler_t (*set)(int, handler_t)) {
  VICTIM_CHECK(set(SIGUSR1, handle) == SIG_DFL);
  handled = 0;
  VICTIM_CHECK(raise(SIGUSR1) == 0);
  VICTIM_CHECK(handled == SIGUSR1);
  set(SIGUSR1, SIG_DFL);
}

static void check_waiting(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  VICTIM_CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  VICTIM_CHECK(raise(SIGUSR1) == 0);
  siginfo_t facts;
  VICTIM_CHECK(sigwaitinfo(&set, &facts) == SIGUSR1 && facts.si_signo == SIGUSR1);
  VICTIM_CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

VICTIM_FRAME static void leave(int round, void (*jump)(jmp_buf, int)) {
  void* kept = malloc(301);
  VICTIM_KEEP(kept);
  jump(outside, round);
}

VICTIM_FRAME static void jump_out_of_allocating(void) {
  void (*const jumps[])(jmp_buf, int) = {plain_longjmp, old_longjmp, checked_longjmp};
  for (volatile int i = 0; i < 30; ++i) {
    if (setjmp(outside) == 0) leave(i + 1, jumps[i % 3]);
  }
  VICTIM_STAY();
}

VICTIM_FRAME static void free_in_new_ways(void) {
  for (int i = 0; i < 5; ++i) {
    void* block = malloc(401);
    void* aligned = aligned_alloc(64, 448);
    VICTIM_KEEP(block);
    VICTIM_KEEP(aligned);
    if (i == 0) continue;
    if (free_sized != NULL) {
      free_sized(block, 401);
      free_aligned_sized(aligned, 64, 448);
    } else {  // without silt, before glibc had them
      free(block);
      free(aligned);
    }
  }
  VICTIM_STAY();
}

int main(void) {
  check_handler(ssignal);
  check_handler(sysv_signal);
  check_waiting();
  jump_out_of_allocating();
  free_in_new_ways();
  expect_blocks("leave", 30, 301, 0);
  expect_in("free_in_new_ways", "native", 2, 401 + 448, 10, 5 * (401 + 448));
  ready("done");
  _Exit(0);
}
