// SPDX-License-Identifier: Apache-2.0
//
// A table of users, each made when first asked for, 900 in all and asked for at random: growth that
// fades as fewer are left. Nothing else allocates, so only the time is a clock; the first rounds
// are slower than the others.
//
// truth: healthy

#include "test/corpus/rounds.h"

struct user {
  struct user* next;
  uint32_t number;
  char* name;
};

static struct user* table[1024];

SILT_NOINLINE static struct user* look_up(uint32_t number) {
  for (struct user* user = table[number % 1024]; user != NULL; user = user->next) {
    if (user->number == number) return user;
  }
  struct user* user = malloc(sizeof *user);
  user->number = number;
  user->name = malloc(40 + number % 300);
  memset(user->name, 1, 40);
  user->next = table[number % 1024];
  table[number % 1024] = user;
  return user;
}

int main(void) {
  for (int round = 0; round < 12; round++) {
    const int asked = round < 2 ? 250 : 700;
    for (int i = 0; i < asked; i++) {
      keep(look_up(chance(900)));
      pace(i, asked);
    }
    take_snapshot();
  }
  return 0;
}
