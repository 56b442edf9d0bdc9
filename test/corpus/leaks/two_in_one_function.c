// SPDX-License-Identifier: Apache-2.0
//
// Two leaks in one function, at different lines and with paces that have nothing to do with each
// other: two findings.
//
// truth: leak session
// truth: leak ticket

#include "test/corpus/rounds.h"

static uint32_t logins_denied;

SILT_NOINLINE static int log_in(int user, int remember) {
  char* session = malloc(48);  // LEAK: session
  snprintf(session, 48, "user %d", user);
  keep(session);
  if (remember != 0) {
    char* ticket = malloc(200);  // LEAK: ticket
    snprintf(ticket, 200, "ticket %d", user);
    keep(ticket);
    return 1;
  }
  logins_denied += session[0] == 'x';
  return 0;
}

int main(void) {
  for (int round = 0; round < 12; round++) {
    const int logins = 60 + (int)chance(120);
    const uint32_t one_in = 3 + chance(9);
    for (int i = 0; i < logins; i++) {
      log_in(i, chance(one_in) == 0);
      pace(i, logins);
    }
    take_snapshot();
  }
  _exit((int)logins_denied);
}
