// SPDX-License-Identifier: Apache-2.0
//
// The file of looks at a heap's classes: written and read again, bounded, and refused.

#include "symbolizer/read/class_census.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "test/symbolizer/temporary_folder.h"

namespace silt::read {
namespace {

// Of so many classes, each with ten bytes for its number; those below `grown` have `more` each.
CensusLook look_at(uint64_t milliseconds, size_t classes, size_t grown = 0, uint64_t more = 0) {
  CensusLook look;
  look.snapshot = static_cast<uint32_t>(milliseconds / 1000);
  look.milliseconds = milliseconds;
  for (size_t i = 0; i < classes; ++i) {
    ClassCount one;
    one.name = "c" + std::to_string(i);
    one.own = i % 2 == 1;
    one.objects = 1;
    one.bytes = 10 * (i + 1) + (i < grown ? more : 0);
    look.bytes += one.bytes;
    ++look.objects;
    look.classes.push_back(one);
  }
  return look;
}

std::string why_census_refused(const std::string& text) {
  const auto census = parse_class_census(MemorySource(text));
  return census ? "" : census.error().message;
}

bool lists(const CensusLook& look, const std::string& name) {
  return std::any_of(look.classes.begin(), look.classes.end(),
                     [&name](const ClassCount& one) { return one.name == name; });
}

TEST_CASE("looks at classes are read as they were written") {
  ClassCensus census;
  census.runtime = "jvm";
  CensusLook look = look_at(2500, 3);
  look.classes[0].name = "[Lcom.shop.\"Order\";\n";
  look.classes[1].classes = 7;
  look.took_milliseconds = 31;
  add_look(census, look);
  add_look(census, look_at(5000, 3));
  const std::string text = class_census_text(census);
  const auto read = parse_class_census(MemorySource(text));
  REQUIRE(read);
  CHECK(read->runtime == "jvm");
  REQUIRE(read->looks.size() == 2);
  CHECK(read->looks[0].snapshot == 2);
  CHECK(read->looks[0].milliseconds == 2500);
  CHECK(read->looks[0].took_milliseconds == 31);
  CHECK(read->looks[0].bytes == 60);
  CHECK(read->looks[0].classes[0].name == "c2");
  CHECK(read->looks[0].classes[1].classes == 7);
  CHECK(read->looks[0].classes[1].own);
  CHECK(read->looks[0].classes[2].name == look.classes[0].name);
  CHECK(class_census_text(*read) == text);
}

TEST_CASE("of many classes the largest are kept, and those that grew, and the sum stays") {
  ClassCensus census;
  add_look(census, look_at(1000, 900));
  CHECK(census.looks[0].classes.size() == 900);
  CHECK(census.looks[0].left_out_bytes == 0);
  // Three of the smallest grow, and stay smaller than hundreds of others.
  add_look(census, look_at(2000, 900, 3, 500));
  const CensusLook& second = census.looks[1];
  CHECK(second.classes.size() < 200);
  CHECK(lists(second, "c899"));
  CHECK(lists(second, "c0"));
  CHECK(lists(second, "c2"));
  CHECK_FALSE(lists(second, "c3"));
  uint64_t listed = 0;
  for (const ClassCount& one : second.classes) listed += one.bytes;
  CHECK(listed + second.left_out_bytes == second.bytes);
}

TEST_CASE("of too many looks every other one goes") {
  ClassCensus census;
  for (uint64_t i = 0; i <= kMostLooks; ++i) add_look(census, look_at(1000 * (i + 1), 1));
  CHECK(census.looks.size() == kMostLooks / 2 + 1);
  CHECK(census.looks.front().milliseconds == 1000);
  CHECK(census.looks.back().milliseconds == 1000 * (kMostLooks + 1));
}

TEST_CASE("why a look came to nothing is kept until there is another") {
  ClassCensus census;
  CHECK(census.empty());
  census.why_not = "process 7 is stopped";
  const auto read = parse_class_census(MemorySource(class_census_text(census)));
  REQUIRE(read);
  CHECK(read->why_not == census.why_not);
  CHECK_FALSE(read->empty());
  add_look(census, look_at(1000, 1));
  CHECK(census.why_not.empty());
}

TEST_CASE("a file of looks that cannot be is refused in one line") {
  ClassCensus census;
  add_look(census, look_at(1000, 3));
  const std::string text = class_census_text(census);
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    CHECK_FALSE(why_census_refused(text.substr(0, size)).empty());
  }
  CHECK_FALSE(why_census_refused(text + "x").empty());
  CHECK_FALSE(why_census_refused("{\"schema\":\"silt.class-census/2\",\"looks\":[]}").empty());
  const std::string schema = "{\"schema\":\"silt.class-census/1\",\"looks\":[";
  CHECK(why_census_refused(schema + "]}").empty());
  for (const char* number : {"-1", "1e3", "18446744073709551616", "5000000000000", "\"1\"", "{}"}) {
    CHECK_FALSE(why_census_refused(schema + "{\"bytes\":" + number + "}]}").empty());
  }
  CHECK_THAT(why_census_refused(schema + "{\"milliseconds\":2},{\"milliseconds\":2}]}"),
             Catch::Contains("not in order"));
}

TEST_CASE("a recording without looks, or with a link in their place, has none") {
  const test::TemporaryFolder folder;
  auto census = read_class_census(folder.path());
  REQUIRE(census);
  CHECK(census->empty());
  ClassCensus some;
  add_look(some, look_at(1000, 3));
  const auto other = folder.write("other", class_census_text(some));
  std::filesystem::create_symlink(other, folder.path() / kClassCensusName);
  census = read_class_census(folder.path());
  REQUIRE(census);
  CHECK(census->empty());
}

}  // namespace
}  // namespace silt::read
