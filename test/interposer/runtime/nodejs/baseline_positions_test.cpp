// SPDX-License-Identifier: Apache-2.0
//
// Positions of baseline code, from those of byte code and the lengths of the pieces that were made
// of it. That V8's own tables are found is test/end_to_end/test_node_lines.py's.

#include "interposer/runtime/nodejs/baseline_positions.h"

#include <catch2/catch.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace silt::nodejs {
namespace {

using Pairs = std::vector<std::pair<uint64_t, uint64_t>>;

// Byte codes from 10 on take as many bytes as their number says, less eight.
ByteCodeSizes sizes_of_test() {
  std::vector<uint8_t> table(3 * 120);
  for (size_t i = 0; i < table.size(); ++i) {
    const size_t code = i % 120;
    table[i] = static_cast<uint8_t>(code < 10 ? 1 : code - 8);
  }
  ByteCodeSizes sizes;
  REQUIRE(sizes.set(table.data(), table.size()));
  return sizes;
}

struct Function {
  const ByteCodeSizes sizes = sizes_of_test();
  std::vector<uint8_t> byte_code = {10, 0, 11, 0, 0, 10, 0};  // at 0, 2 and 5
  std::vector<uint8_t> positions = {0, 20, 5, 4, 2};          // 10 at 0, 12 at 5
  std::vector<uint8_t> pieces = {27, 35, 0x80 | 4, 2, 8};     // 27 bytes, then 35, 260 and 8
  uint64_t code_size = 400;
  std::unique_ptr<PositionGatherer> gatherer = std::make_unique<PositionGatherer>();

  bool gather() {
    return gather_by_pieces(sizes, byte_code.data(), byte_code.size(),
                            {positions.data(), positions.size()}, {pieces.data(), pieces.size()},
                            code_size, gatherer.get());
  }
  // From where on in the code which place of the script.
  Pairs pairs() {
    gatherer->end(0x1000);
    Pairs pairs;
    uint64_t code = 0;
    uint64_t script = 0;
    visit_positions(
        gatherer->take(0x1000, 0),
        [&](uint64_t code_by, int64_t script_by) {
          code += code_by;
          script += static_cast<uint64_t>(script_by);
          pairs.emplace_back(code, script);
        },
        [](uint64_t) {});
    return pairs;
  }
};

TEST_CASE("a position begins where the piece of its byte code begins") {
  Function function;
  REQUIRE(function.gather());
  CHECK(function.pairs() == Pairs{{27, 10}, {27 + 35 + 260, 12}});
}

TEST_CASE("a position that is no byte code's begin is left out, and nothing else") {
  Function function;
  function.positions = {0, 20, 3, 6, 2, 4, 2};  // 10 at 0, 13 at 3, 15 at 5
  REQUIRE(function.gather());
  CHECK(function.pairs() == Pairs{{27, 10}, {322, 15}});
}

TEST_CASE("a table that does not fit the byte code, or the code, is not used") {
  Function function;
  SECTION("too few pieces") { function.pieces.pop_back(); }
  SECTION("too many pieces") { function.pieces.push_back(1); }
  SECTION("one that does not end") { function.pieces.back() |= 0x80; }
  SECTION("longer than the code") { function.code_size = 329; }
  SECTION("a byte code that does not end") { function.byte_code.pop_back(); }
  SECTION("no byte code at all") { function.byte_code[2] = 200; }
  SECTION("nothing") { function.pieces.clear(); }
  CHECK_FALSE(function.gather());
}

TEST_CASE("any bytes are read without harm") {
  Function function;
  uint32_t state = 1;
  const auto random = [&] {
    return static_cast<uint8_t>((state = state * 1103515245 + 12345) >> 16);
  };
  for (int i = 0; i < 20000; ++i) {
    for (std::vector<uint8_t>* bytes :
         {&function.byte_code, &function.positions, &function.pieces}) {
      bytes->resize(random() % 12);
      for (uint8_t& byte : *bytes) byte = random();
    }
    function.gather();
  }
}

TEST_CASE("code of which nothing is known has no positions") {
  const auto baseline = std::make_unique<BaselinePositions>();
  const auto gatherer = std::make_unique<PositionGatherer>();
  const std::vector<uint64_t> memory(64, 0x5551);
  const auto start = reinterpret_cast<uint64_t>(memory.data() + 40);
  CHECK_FALSE(baseline->gather(start, 64, 54, gatherer.get()));
  CHECK_FALSE(baseline->gather(8, 64, 54, gatherer.get()));
}

}  // namespace
}  // namespace silt::nodejs
