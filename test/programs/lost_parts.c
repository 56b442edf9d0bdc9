// SPDX-License-Identifier: Apache-2.0
//
// For each line it reads: a hundred orders, of which each holds a text that was made elsewhere, and
// larger than itself. The pointers to the orders are dropped; a text that is thrown away is not.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct order {
  char *text;
  struct order *self;
};

__attribute__((noinline)) static char *read_text(size_t size) {
  char *text = malloc(size);
  memset(text, 'x', size);
  return text;
}

__attribute__((noinline)) static struct order *take_order(char *text) {
  struct order *order = malloc(sizeof *order);
  order->text = text;
  order->self = order;
  return order;
}

__attribute__((noinline)) static void serve(void) {
  char *text = read_text(300);
  char *other = read_text(300);
  struct order *order = take_order(text);
  // No word of the pointers stays on the stack.
  asm volatile("" : : "r"(order->text) : "memory");
  free(other);
}

int main(void) {
  char line[100];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int i = 0; i < 100; ++i) serve();
    char room[4096];
    memset(room, 0, sizeof room);
    asm volatile("" : : "r"(room) : "memory");
    puts("served");
    fflush(stdout);
  }
  return 0;
}
