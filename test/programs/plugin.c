// SPDX-License-Identifier: Apache-2.0
//
// A plug-in that plugin_host.c loads and unloads over and over; built twice, with the names and
// sizes that PLUGIN_NAME and PLUGIN_SIZE say.

#include "test/programs/truth.h"

#define PLUGIN_JOIN2(a, b) a##b
#define PLUGIN_JOIN(a, b) PLUGIN_JOIN2(a, b)
#define PLUGIN_LEAK PLUGIN_JOIN(PLUGIN_NAME, _leak)

VICTIM_FRAME void PLUGIN_LEAK(void);
VICTIM_FRAME void PLUGIN_LEAK(void) {
  void* block = malloc(PLUGIN_SIZE);
  VICTIM_KEEP(block);
}

void plugin_run(void);
void plugin_run(void) {
  for (int i = 0; i < 10; ++i) PLUGIN_LEAK();
}
