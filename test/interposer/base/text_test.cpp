// SPDX-License-Identifier: Apache-2.0
//
// Texts in fixed buffers: what does not fit is cut, the end is always a NUL, numbers saturate.

#include "interposer/base/text.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace silt::base {

TEST_CASE("a writer appends texts, characters and numbers") {
  TextBuffer<64> text;
  text.add("pid ").add_decimal(42).add(' ').add_hexadecimal(0xdeadbeef).add("xyz", 2);
  CHECK(std::string(text.c_str()) == "pid 42 deadbeefxy");
  CHECK(text.size() == std::strlen(text.c_str()));
}

TEST_CASE("what does not fit is cut and the bytes behind the buffer stay") {
  for (size_t capacity = 1; capacity < 12; ++capacity) {
    char buffer[16];
    std::memset(buffer, '#', sizeof(buffer));
    TextWriter writer(buffer, capacity);
    writer.add("abcdef").add_decimal(12345);
    CHECK(std::string(buffer) == std::string("abcdef12345").substr(0, capacity - 1));
    for (size_t i = capacity; i < sizeof(buffer); ++i) CHECK(buffer[i] == '#');
  }
}

TEST_CASE("decimals and hexadecimals are written as the C library writes them") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const uint64_t value = i == 0   ? 0
                           : i == 1 ? std::numeric_limits<uint64_t>::max()
                                    : random() >> (random() % 64);
    char expected[64];
    TextBuffer<64> text;
    text.add_decimal(value);
    std::snprintf(expected, sizeof(expected), "%lu", value);
    REQUIRE(std::string(text.c_str()) == expected);
    TextBuffer<64> hexadecimal;
    hexadecimal.add_hexadecimal(value);
    std::snprintf(expected, sizeof(expected), "%lx", value);
    REQUIRE(std::string(hexadecimal.c_str()) == expected);
  }
}

TEST_CASE("a minimum of digits is filled with zeros") {
  TextBuffer<64> text;
  text.add_decimal(7, 3).add(' ').add_decimal(1234, 3).add(' ').add_decimal(0, 0);
  CHECK(std::string(text.c_str()) == "007 1234 0");
}

TEST_CASE("numbers are read up to the first other character") {
  const char* end;
  CHECK(parse_decimal("1234abc", &end) == 1234);
  CHECK(std::string(end) == "abc");
  CHECK(parse_decimal("", &end) == 0);
  CHECK(parse_decimal("18446744073709551615", &end) == UINT64_MAX);
  CHECK(parse_hexadecimal("7ffc-8000", &end) == 0x7ffc);
  CHECK(std::string(end) == "-8000");
  CHECK(parse_hexadecimal("ABC", &end) == 0);  // the kernel writes lower case
}

TEST_CASE("a decimal that does not fit saturates, however long it is") {
  const char* end;
  CHECK(parse_decimal("18446744073709551616", &end) == UINT64_MAX);
  CHECK(parse_decimal("18446744073709551620", &end) == UINT64_MAX);
  CHECK(parse_decimal("99999999999999999999", &end) == UINT64_MAX);
  const std::string digits(200, '9');
  CHECK(parse_decimal(digits.c_str(), &end) == UINT64_MAX);
  CHECK(*end == '\0');
  const std::string zeros = "1" + std::string(199, '0');
  CHECK(parse_decimal(zeros.c_str(), &end) == UINT64_MAX);
}

TEST_CASE("the first number of a text is found behind whatever stands before it") {
  CHECK(first_number("VmRSS:\t    1234 kB") == 1234);
  CHECK(first_number("7") == 7);
  CHECK(first_number("no number") == 0);
  CHECK(first_number("") == 0);
}

TEST_CASE("the base name of a path is what follows its last slash") {
  CHECK(std::string(base_name("/usr/lib/libc.so.6")) == "libc.so.6");
  CHECK(std::string(base_name("libc.so.6")) == "libc.so.6");
  CHECK(std::string(base_name("/usr/lib/")).empty());
  CHECK(std::string(base_name("")).empty());
  const char* const list = "/a/first.so:/b/second.so";
  CHECK(base_name(list, list + 11) == list + 3);  // of the first alone
}

TEST_CASE("comparisons agree with the C library") {
  const char* const words[] = {"", "a", "ab", "abc", "b", "abd", "SILT_", "SILT_OUT"};
  for (const char* a : words) {
    CHECK(length(a) == std::strlen(a));
    for (const char* b : words) {
      CHECK(equal(a, b) == (std::strcmp(a, b) == 0));
      CHECK(starts_with(a, b) == (std::strncmp(a, b, std::strlen(b)) == 0));
    }
  }
}

TEST_CASE("every error has a text, unknown ones too") {
  for (int error = -1; error < 200; ++error) CHECK(std::strlen(error_text(error)) > 0);
  CHECK(std::string(error_text(28)) == "no space left on the device");
}

}  // namespace silt::base
