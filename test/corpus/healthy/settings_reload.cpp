// SPDX-License-Identifier: Apache-2.0
//
// The whole settings tree is replaced in each round and the old one destroyed: every live block is
// of the youngest generation, and the tree's size differs a little each time.
//
// truth: healthy

#include <map>
#include <memory>
#include <string>

#include "test/corpus/rounds.h"

using Settings = std::map<std::string, std::string>;

SILT_NOINLINE static std::unique_ptr<Settings> load() {
  auto settings = std::make_unique<Settings>();
  const uint32_t count = 150 + chance(30);
  for (uint32_t i = 0; i < count; i++) {
    (*settings)["settings.section.name.number." + std::to_string(i)] =
        std::string(40 + i % 20, 'x');
  }
  return settings;
}

int main() {
  std::unique_ptr<Settings> settings;
  for (int round = 0; round < 9; round++) {
    settings = load();
    for (int i = 0; i < 16; i++) pace(i, 16);
    take_snapshot();
  }
  return settings->empty();
}
