// SPDX-License-Identifier: Apache-2.0
//
// A plugin that leaks: a shared library opened with dlopen, which keeps a table for each call.
//
// truth: leak table
// truth: also plugin_codec.plugin.c

#include <dlfcn.h>

#include "test/corpus/rounds.h"

int main(int argc, char** argv) {
  (void)argc;
  char path[4096];
  snprintf(path, sizeof path, "%s.so", argv[0]);
  void* plugin = dlopen(path, RTLD_NOW);
  if (plugin == NULL) {
    fprintf(stderr, "plugin_codec: cannot open plugin '%s': %s\n", path, dlerror());
    return 1;
  }
  void* symbol = dlsym(plugin, "codec_decode");
  if (symbol == NULL) return 1;
  int (*decode)(const char*);
  memcpy(&decode, &symbol, sizeof decode);
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      sum += decode("QmFzZTY0IHRleHQ=");
      pace(i, 160);
    }
    take_snapshot();
  }
  dlclose(plugin);
  return sum == 0;
}
