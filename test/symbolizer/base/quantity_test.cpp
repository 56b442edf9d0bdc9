// SPDX-License-Identifier: Apache-2.0
//
// Figures in words, at the edges where a unit or the number of digits changes.

#include "symbolizer/base/quantity.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace silt {
namespace {

TEST_CASE("bytes have decimal units and two digits below ten") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(999) == "999 B");
  CHECK(format_bytes(1000) == "1.0 kB");
  CHECK(format_bytes(9949) == "9.9 kB");
  CHECK(format_bytes(9950) == "10 kB");
  CHECK(format_bytes(999'499) == "999 kB");
  CHECK(format_bytes(999'500) == "1.0 MB");
  CHECK(format_bytes(3.4e15) == "3.4 PB");
  CHECK(format_bytes(-1200) == "-1.2 kB");
  CHECK(format_bytes_signed(1200) == "+1.2 kB");
  CHECK(format_bytes_signed(0) == "0 B");
  CHECK(format_bytes(INFINITY) == "unknown");
}

TEST_CASE("counts are exact below a million") {
  CHECK(format_count(12) == "12");
  CHECK(format_count(1.5) == "1.5");
  CHECK(format_count(1234) == "1,234");
  CHECK(format_count(999'999) == "999,999");
  CHECK(format_count(1.2e6) == "1.2 million");
  CHECK(format_count(3e9) == "3.0 billion");
  CHECK(format_count(-12) == "-12");
}

TEST_CASE("a duration has two units at most, and one when the second is nought") {
  CHECK(format_duration(0.05) == "50 ms");
  CHECK(format_duration(0.4) == "0.4 s");
  CHECK(format_pause(0.000257) == "0.257 ms");
  CHECK(format_pause(0.0856) == "85.6 ms");
  CHECK(format_pause(1.2345) == "1.2 s");
  CHECK(format_duration(59.4) == "59 s");
  CHECK(format_duration(59.6) == "1 min");
  CHECK(format_duration(200) == "3 min 20 s");
  CHECK(format_duration(7500) == "2 h 5 min");
  CHECK(format_duration(86400) == "1 day");
  CHECK(format_duration(86400 * 3 + 4 * 3600) == "3 days 4 h");
  CHECK(format_duration(86400.0 * 365 * 2) == "2.0 years");
}

TEST_CASE("a noun is in the plural but for one") {
  CHECK(format_counted(1, "block") == "1 block");
  CHECK(format_counted(0, "block") == "0 blocks");
  CHECK(format_counted(2, "block") == "2 blocks");
}

TEST_CASE("small shares are not rounded to nought") {
  CHECK(format_percent(0.12) == "12 %");
  CHECK(format_percent(0.004) == "0.4 %");
  CHECK(format_percent(0) == "0 %");
  CHECK(format_percent(1) == "100 %");
}

TEST_CASE("addresses are hexadecimal") {
  CHECK(hexadecimal(0) == "0x0");
  CHECK(hexadecimal(UINT64_MAX) == "0xffffffffffffffff");
}

}  // namespace
}  // namespace silt
