// SPDX-License-Identifier: Apache-2.0
//
// Texts that are cut out of blocks: side by side, never overlapping, and refused when they are too
// large or there is no memory.

#include "interposer/base/text_blocks.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <vector>

namespace silt::base {
namespace {

int maps_left = 0;

void* map_some(size_t size_bytes) { return maps_left-- > 0 ? map_memory(size_bytes) : nullptr; }

}  // namespace

TEST_CASE("texts lie apart from one another and stay") {
  TextBlocks<map_memory> blocks;
  std::vector<char*> taken;
  for (size_t i = 0; i < 3000; ++i) {
    char* const text = blocks.take(1 + i % 200);
    REQUIRE(text != nullptr);
    std::memset(text, static_cast<int>(i % 251), 1 + i % 200);
    taken.push_back(text);
  }
  size_t wrong = 0;
  for (size_t i = 0; i < taken.size(); ++i) {
    for (size_t k = 0; k < 1 + i % 200; ++k) {
      wrong += static_cast<unsigned char>(taken[i][k]) != i % 251 ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
  CHECK(blocks.mapped_bytes() >= 3000 * 100);
  CHECK(blocks.mapped_bytes() % TextBlocks<map_memory>::kBlockBytes == 0);
}

TEST_CASE("a text as large as a block fits, a larger one does not") {
  TextBlocks<map_memory> blocks;
  CHECK(blocks.take(TextBlocks<map_memory>::kBlockBytes + 1) == nullptr);
  CHECK(blocks.mapped_bytes() == 0);
  CHECK(blocks.take(TextBlocks<map_memory>::kBlockBytes) != nullptr);
}

TEST_CASE("without memory nothing is taken, and later texts are when there is some again") {
  TextBlocks<map_some> blocks;
  maps_left = 0;
  CHECK(blocks.take(10) == nullptr);
  maps_left = 1;
  CHECK(blocks.take(10) != nullptr);
  CHECK(blocks.take(10) != nullptr);  // of the same block
  CHECK(blocks.take(TextBlocks<map_some>::kBlockBytes) == nullptr);
}

}  // namespace silt::base
