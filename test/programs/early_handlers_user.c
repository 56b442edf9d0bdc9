// SPDX-License-Identifier: Apache-2.0
//
// Raises the signals whose handlers a library's constructor has set, and says how often they were
// called; then waits.

#include <signal.h>

#include "test/programs/truth.h"

int early_handler_calls(void);

int main(void) {
  raise(SIGUSR2);
  raise(SIGURG);
  VICTIM_CHECK(early_handler_calls() == 2);
  ready("raised");
  VICTIM_CHECK(early_handler_calls() == 2);
  return 0;
}
