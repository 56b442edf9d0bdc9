// SPDX-License-Identifier: Apache-2.0
//
// Loads two plug-ins in turn, each mostly where the other one was: what one leaked must not be
// blamed on the other, and unloading must not leave a stale rule behind.
// usage: plugin_host PLUGIN_A PLUGIN_B

#include <dlfcn.h>

#include "test/programs/truth.h"

enum { kRounds = 50 };

VICTIM_FRAME static void load_run_unload(const char* path) {
  void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  VICTIM_CHECK(plugin != NULL);
  void (*run)(void) = NULL;
  *(void**)&run = dlsym(plugin, "plugin_run");
  VICTIM_CHECK(run != NULL);
  run();
  VICTIM_CHECK(dlclose(plugin) == 0);
}

int main(int argc, char** argv) {
  VICTIM_CHECK(argc == 3);
  for (int i = 0; i < kRounds; ++i) {
    load_run_unload(argv[1]);
    load_run_unload(argv[2]);
  }
  VICTIM_CHECK(dlopen("/nonexistent/plugin.so", RTLD_NOW) == NULL);
  VICTIM_CHECK(dlerror() != NULL);
  expect_blocks("plugin_a_leak", kRounds * 10, 3407, 0);
  expect_blocks("plugin_b_leak", kRounds * 10, 3413, 0);
  ready("done");
  return 0;
}
