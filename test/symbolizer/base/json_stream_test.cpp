// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/base/json_stream.h"

#include <catch2/catch.hpp>

namespace silt {
namespace {

std::string decoded(const std::string& json, size_t limit = 100) {
  const MemorySource source(json);
  JsonStream stream(source);
  std::string text;
  return stream.read_string(text, limit) ? text : stream.error().message;
}

std::string skipped(const std::string& json) {
  const MemorySource source(json);
  JsonStream stream(source);
  if (stream.skip_value() && stream.at_end()) return "all";
  return stream.ok() ? "rest" : stream.error().message;
}

TEST_CASE("escapes become UTF-8, and half a surrogate pair the replacement character") {
  CHECK(decoded(R"("a\n\"\\\/b")") == "a\n\"\\/b");
  CHECK(decoded(R"("\u00e9 \u20ac \ud83d\ude00")") == "é € 😀");
  CHECK(decoded(R"("\ud83d")") == "\xef\xbf\xbd");
  CHECK(decoded(R"("\ud83dx\udE00")") == "\xef\xbf\xbdx\xef\xbf\xbd");
  CHECK(decoded("\"\xff\xfe\"") == "\xff\xfe");
  CHECK(decoded(R"("abcdef")", 3) == "abc");
}

TEST_CASE("a string that is broken or cut says where") {
  CHECK(decoded(R"("\u12g4")") == "at byte 6: a string has a broken \\u escape");
  CHECK(decoded(R"("abc)") == "ends too early, after 4 bytes");
  CHECK(decoded("12") == "at byte 0: expected '\"'");
}

TEST_CASE("values of any kind are skipped, and what is no JSON is not") {
  CHECK(skipped(R"( {"a":[1,-2.5e3,{"b":null},[],{}],"c":"}]"} )") == "all");
  CHECK(skipped("true") == "all");
  CHECK(skipped("[1 2]").find("expected ','") != std::string::npos);
  CHECK(skipped(R"({"a" 1})").find("expected ':'") != std::string::npos);
  CHECK(skipped("{1:2}").find("expected a key") != std::string::npos);
  CHECK(skipped("[1,]").find("expected a value") != std::string::npos);
  CHECK(skipped("nul").find("ends too early") != std::string::npos);
}

TEST_CASE("nesting without end is refused, not followed") {
  CHECK(skipped(std::string(1'000'000, '[')).find("nested too deeply") != std::string::npos);
}

TEST_CASE("numbers are whole where that is asked for, and never overflow") {
  const auto read = [](const std::string& json) {
    const MemorySource source(json);
    JsonStream stream(source);
    uint64_t value = 0;
    return stream.read_unsigned(value) ? std::to_string(value) : stream.error().message;
  };
  CHECK(read("18446744073709551615") == "18446744073709551615");
  CHECK(read("18446744073709551616,                      ").find("too large") != std::string::npos);
  CHECK(read("12345,                              ") == "12345");
  CHECK(read("-1 ").find("whole number") != std::string::npos);
  CHECK(read("1.5                                  ").find("whole number") != std::string::npos);
}

TEST_CASE("numbers and strings that lie across two chunks are read whole") {
  std::string json = "[";
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 300'000; ++i) {
    json += std::to_string(i * 7919) + ",";
    sum += i * 7919;
  }
  json += "0]";
  REQUIRE(json.size() > (size_t{2} << 20));
  const MemorySource source(json);
  JsonStream stream(source);
  REQUIRE(stream.take('['));
  uint64_t found = 0;
  for (bool first = true; stream.more(']', first);) {
    uint64_t value = 0;
    REQUIRE(stream.read_unsigned(value));
    found += value;
  }
  CHECK(stream.ok());
  CHECK(found == sum);
  std::string text((size_t{1} << 20) - 5, ' ');
  text += R"("ab\ud83d\ude00cd")";
  CHECK(decoded(text) == "ab😀cd");
}

}  // namespace
}  // namespace silt
