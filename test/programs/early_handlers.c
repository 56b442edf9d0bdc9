// SPDX-License-Identifier: Apache-2.0
//
// A library whose constructor says what signals do: it runs before silt's.

#include <signal.h>
#include <stdatomic.h>

static atomic_int calls;

static void on_signal(int number) {
  if (number == SIGUSR2 || number == SIGURG) atomic_fetch_add(&calls, 1);
}

__attribute__((constructor)) static void begin(void) {
  signal(SIGUSR2, on_signal);
  signal(SIGURG, on_signal);
}

int early_handler_calls(void) { return atomic_load(&calls); }
