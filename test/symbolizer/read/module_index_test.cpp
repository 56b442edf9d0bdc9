// SPDX-License-Identifier: Apache-2.0
//
// Addresses to modules, also where one took another's place.

#include "symbolizer/read/module_index.h"

#include <catch2/catch.hpp>

namespace silt::read {
namespace {

Module module_at(uint64_t start, uint64_t end, uint32_t first_node = 0,
                 uint32_t end_node = UINT32_MAX) {
  Module module;
  module.start = start;
  module.end = end;
  module.first_node = first_node;
  module.end_node = end_node;
  return module;
}

TEST_CASE("an address belongs to the module whose range holds it, whatever their order") {
  const ModuleIndex index({module_at(0x3000, 0x4000), module_at(0x1000, 0x2000)});
  CHECK(index.find(MemoryAddress{0x1000}, 5) == 1u);
  CHECK(index.find(MemoryAddress{0x1fff}, 5) == 1u);
  CHECK_FALSE(index.find(MemoryAddress{0x2000}, 5));
  CHECK(index.find(MemoryAddress{0x3abc}, 5) == 0u);
  CHECK_FALSE(index.find(MemoryAddress{0}, 5));
  CHECK_FALSE(index.find(MemoryAddress{UINT64_MAX}, 5));
  CHECK_FALSE(index.overlapping());
}

TEST_CASE("where two modules had the same addresses the node decides") {
  const ModuleIndex index({module_at(0x1000, 0x9000, 1, 10), module_at(0x2000, 0x3000, 10, 20)});
  CHECK(index.overlapping());
  CHECK(index.find(MemoryAddress{0x2500}, 9) == 0u);
  CHECK(index.find(MemoryAddress{0x2500}, 10) == 1u);
  CHECK(index.find(MemoryAddress{0x8000}, 9) == 0u);
  CHECK_FALSE(index.find(MemoryAddress{0x8000}, 10));
}

}  // namespace
}  // namespace silt::read
