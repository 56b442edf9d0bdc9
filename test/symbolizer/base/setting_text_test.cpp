// SPDX-License-Identifier: Apache-2.0
//
// Settings as people write them, and what is none.

#include "symbolizer/base/setting_text.h"

#include <catch2/catch.hpp>

namespace silt {
namespace {

TEST_CASE("a signal is known by its name, with or without SIG, and by its number") {
  CHECK(parse_signal("USR2") == 12);
  CHECK(parse_signal("sigusr2") == 12);
  CHECK(parse_signal("12") == 12);
  CHECK(parse_signal("RTMIN") == 34);
  CHECK(parse_signal("40") == 40);
  CHECK(parse_signal("none") == 0);
}

TEST_CASE("a signal that a program cannot spare, or that is none, is refused") {
  for (const char* text : {"SEGV", "11", "KILL", "9", "65", "-1", "", "SIG", "12x", "USR 2"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_signal(text));
  }
}

TEST_CASE("a signal without a name is told by its number") {
  CHECK(signal_name(12) == "SIGUSR2");
  CHECK(signal_name(40) == "signal 40");
}

TEST_CASE("a duration has a unit, and is in seconds without one") {
  CHECK(parse_duration("500ms") == 500'000'000u);
  CHECK(parse_duration("30") == 30'000'000'000u);
  CHECK(parse_duration("30s") == 30'000'000'000u);
  CHECK(parse_duration("5m") == 300'000'000'000u);
  CHECK(parse_duration("5min") == 300'000'000'000u);
  CHECK(parse_duration("2h") == 7'200'000'000'000u);
}

TEST_CASE("a duration that is no number, or that does not fit, is refused") {
  for (const char* text :
       {"", "s", "1.5s", "-1s", "5 m", "5d", "99999999999h", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a size is in bytes, of 1000 or of 1024") {
  CHECK(parse_size("512") == 512u);
  CHECK(parse_size("512K") == 524'288u);
  CHECK(parse_size("64 KiB") == 65'536u);
  CHECK(parse_size("1.5 MB") == 1'500'000u);
  CHECK_FALSE(parse_size("many"));
  CHECK_FALSE(parse_size(""));
}

}  // namespace
}  // namespace silt
