// SPDX-License-Identifier: Apache-2.0
//
// A registry of plugins filled at the start, used throughout, destroyed with the program's statics.
//
// truth: healthy

#include <map>
#include <memory>
#include <string>

#include "test/corpus/rounds.h"

struct Plugin {
  explicit Plugin(int id) : name("a plugin with a rather long name " + std::to_string(id)) {}
  std::string name;
  char state[300] = {};
};

static std::map<int, std::unique_ptr<Plugin>> registry;

SILT_NOINLINE static Plugin& plugin(int id) {
  std::unique_ptr<Plugin>& slot = registry[id];
  if (slot == nullptr) slot = std::make_unique<Plugin>(id);
  return *slot;
}

int main() {
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 160; i++) {
      plugin(i % 40).state[0]++;
      pace(i, 160);
    }
    take_snapshot();
  }
  return 0;
}
