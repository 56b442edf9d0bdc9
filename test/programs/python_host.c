// SPDX-License-Identifier: Apache-2.0
//
// Opens the Python of the path that it is given and uses it three times from start to end, as a
// program with a scripting language of its own may. In the second round it waits for a line.

#include <dlfcn.h>
#include <stdio.h>

#include "test/programs/truth.h"

static void (*start)(int handle_signals);
static int (*run)(const char* code);
static int (*finish)(void);

static void find(void* library, const char* name, void* pointer) {
  void* const symbol = dlsym(library, name);
  if (symbol == NULL) {
    fprintf(stderr, "python_host: %s\n", dlerror());
    exit(1);
  }
  memcpy(pointer, &symbol, sizeof symbol);
}

int main(int argc, char** argv) {
  void* const library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
  if (library == NULL) {
    fprintf(stderr, "python_host: %s\n", argc == 2 ? dlerror() : "usage: python_host LIBPYTHON");
    return 1;
  }
  find(library, "Py_InitializeEx", &start);
  find(library, "PyRun_SimpleString", &run);
  find(library, "Py_FinalizeEx", &finish);
  for (int round = 0; round < 3; ++round) {
    start(0);
    if (run("class InHost:\n  pass\nkept = []\ndef fill():\n  for _ in range(1000):\n"
            "    kept.append(InHost())\nfill()\n") != 0) {
      return 2;
    }
    if (round == 1) ready("host");
    if (finish() != 0) return 3;
  }
  puts("end");
  return 0;
}
