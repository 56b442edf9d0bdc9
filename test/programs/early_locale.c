// SPDX-License-Identifier: Apache-2.0
//
// The process's first allocation of all happens inside libc, while it holds the lock of its
// locales: what a hook does then must not come back to them.

#include <dlfcn.h>
#include <locale.h>

#include "test/programs/truth.h"

static locale_t early;

static void before_all_constructors(int count, char** arguments, char** environment) {
  (void)count, (void)arguments, (void)environment;
  early = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char**, char**) = before_all_constructors;

int main(void) {
  VICTIM_CHECK(early != (locale_t)0);
  VICTIM_CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
  VICTIM_CHECK(dlerror() == NULL);
  freelocale(early);
  ready("done");
  return 0;
}
