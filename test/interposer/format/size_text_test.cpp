// SPDX-License-Identifier: Apache-2.0

#include "interposer/format/size_text.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string_view>

namespace silt::format {
namespace {

std::optional<uint64_t> size_of(std::string_view text) {
  uint64_t bytes = 0;
  if (!parse_size(text.data(), text.size(), &bytes)) return std::nullopt;
  return bytes;
}

TEST_CASE("units of sizes") {
  CHECK(size_of("0") == 0);
  CHECK(size_of("512") == 512);
  CHECK(size_of("512B") == 512);
  CHECK(size_of("3K") == 3 * 1024);
  CHECK(size_of("3 KB") == 3000);
  CHECK(size_of("3kib") == 3 * 1024);
  CHECK(size_of("2M") == 2 * 1024 * 1024);
  CHECK(size_of("2 mb") == 2000000);
  CHECK(size_of("2MiB") == 2 * 1024 * 1024);
  CHECK(size_of("1G") == uint64_t{1} << 30);
  CHECK(size_of("1 GB") == 1000000000);
  CHECK(size_of("1TiB") == uint64_t{1} << 40);
  CHECK(size_of("1 TB") == 1000000000000);
}

TEST_CASE("parts of a unit") {
  CHECK(size_of("1.5 MB") == 1500000);
  CHECK(size_of("0.5K") == 512);
  CHECK(size_of("1.9") == 1);
  CHECK(size_of("0.123456789123 TB") == 123456789000);
  CHECK(size_of("1.999999999 TiB") == (uint64_t{1} << 41) - 1100);
}

TEST_CASE("what is no size") {
  for (const char* text : {"",
                           " ",
                           "K",
                           ".5",
                           "1.",
                           "1. K",
                           "-1",
                           "+1",
                           "1e6",
                           "1 X",
                           "1KX",
                           "1KBB",
                           "1KiBx",
                           "1 K ",
                           "1iB",
                           "0x10",
                           "9223372036854775808",
                           "8388608T",
                           "99999999999999999999",
                           "9223372036854775807 KB"}) {
    CAPTURE(text);
    CHECK(!size_of(text));
  }
  CHECK(size_of("9223372036854775807") == INT64_MAX);
  CHECK(size_of("8388607T") == uint64_t{8388607} << 40);
}

}  // namespace
}  // namespace silt::format
