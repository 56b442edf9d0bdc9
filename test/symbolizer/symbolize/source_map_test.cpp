// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/symbolize/source_map.h"

#include <catch2/catch.hpp>

namespace silt::symbolize {
namespace {

Result<SourceMap> parsed(const std::string& json) { return SourceMap::parse(MemorySource(json)); }

// Line 0: from column 4 a.ts 0:2 "load", from 9 nowhere, from 12 b.ts 1:0. Line 1 is empty.
const char kMap[] =
    R"({"version":3,"file":"out.js","x":[{"mappings":"no"}],"sourceRoot":"src",)"
    R"("sources":["a.ts","b.ts"],"names":["load"],"mappings":"IAAEA,K,GCCF;;AAAA"})";

TEST_CASE("a place is where its piece came from") {
  const auto map = parsed(kMap);
  REQUIRE(map);
  CHECK_FALSE(map->find(0, 3));
  const auto first = map->find(0, 5);
  REQUIRE(first);
  CHECK(first->generated_column == 4);
  CHECK(first->source == "src/a.ts");
  CHECK(first->line == 0);
  CHECK(first->column == 2);
  CHECK(first->name == "load");
  CHECK_FALSE(map->find(0, 10));
  const auto second = map->find(0, 4000);
  REQUIRE(second);
  CHECK(second->source == "src/b.ts");
  CHECK(second->line == 1);
  CHECK(second->column == 0);
  CHECK(second->name.empty());
  CHECK_FALSE(map->find(1, 0));
  CHECK(map->find(2, 0));
  CHECK_FALSE(map->find(3, 0));
}

std::string refused(const std::string& mappings) {
  const auto map = parsed(R"({"sources":["a"],"names":[],"mappings":")" + mappings + "\"}");
  return map ? "taken" : map.error().message;
}

TEST_CASE("mappings that name what is not there are refused") {
  const std::string no = "its mappings are not a list of places";
  CHECK(refused("AAAA") == "taken");
  CHECK(refused("") == "taken");
  CHECK(refused("AAAAA") == no);     // a name, of none
  CHECK(refused("ACAA") == no);      // the second source of one
  CHECK(refused("AADA") == no);      // a line before the first
  CHECK(refused("AA") == no);        // two numbers
  CHECK(refused("AAAAAA") == no);    // six
  CHECK(refused("A!") == no);        // not base 64
  CHECK(refused("gggggggB") == no);  // more bits than a number has
  CHECK(refused("g") == no);         // a number that goes on
  CHECK(refused("+/////D,+/////D,+/////D,+/////D") == no);
}

TEST_CASE("what is no JSON says where") {
  CHECK(parsed("").error().message == "ends too early, after 0 bytes");
  CHECK(parsed(R"({"sources":[)").error().message.find("ends too early") != std::string::npos);
  CHECK(parsed(R"({"sources":[null,1]})"));
}

}  // namespace
}  // namespace silt::symbolize
