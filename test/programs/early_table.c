// SPDX-License-Identifier: Apache-2.0
//
// A table that was allocated before any constructor ran, as libraries do it, and entries that come
// later: for each line that it reads as many as that says, or a hundred. The table keeps the latest
// two thousand.

#include <stdio.h>
#include <stdlib.h>

static void **table;
static size_t entries;

static void make_table(void) { table = calloc(2000, sizeof *table); }
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = make_table;

__attribute__((noinline)) static void *make_entry(void) {
  void *entry = malloc(72);
  asm volatile("" : : "r"(entry) : "memory");
  return entry;
}

int main(void) {
  char line[100];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    const long told = atol(line);
    for (long i = told > 0 ? told : 100; i > 0; --i) table[entries++ % 2000] = make_entry();
    puts("added");
    fflush(stdout);
  }
  return 0;
}
