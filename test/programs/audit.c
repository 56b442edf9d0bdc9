// SPDX-License-Identifier: Apache-2.0
//
// An audit library (LD_AUDIT): the loader loads it into a namespace of its own, before everything,
// and tells it of each object and each binding. It allocates at each call, from its own libc.

#include <link.h>
#include <stdlib.h>

static void* volatile kept;

static void use_memory(void) {
  free(kept);
  kept = malloc(5900);
}

unsigned int la_version(unsigned int version) {
  use_memory();
  return version;
}

unsigned int la_objopen(struct link_map* map, Lmid_t space, uintptr_t* cookie) {
  (void)map, (void)space, (void)cookie;
  use_memory();
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

unsigned int la_objclose(uintptr_t* cookie) {
  (void)cookie;
  use_memory();
  return 0;
}

void la_preinit(uintptr_t* cookie) {
  (void)cookie;
  use_memory();
}
