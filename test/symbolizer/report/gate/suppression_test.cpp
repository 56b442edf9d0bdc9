// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/report/gate/suppression.h"

#include <catch2/catch.hpp>

namespace silt::test {
namespace {

TEST_CASE("patterns know stars and anchors") {
  using report::matches;
  CHECK(matches("add", "Table::add(int)"));
  CHECK(matches("^Table::*int", "Table::add(int)"));
  CHECK_FALSE(matches("^add", "Table::add(int)"));
  CHECK(matches("(int)$", "Table::add(int)"));
  CHECK_FALSE(matches("add$", "Table::add(int)"));
  CHECK(matches("a*b*c", "xaxxbxxcx"));
  CHECK_FALSE(matches("a*c*b", "abc"));
  CHECK_FALSE(matches("", "anything"));
  CHECK(matches("*a*a*a*a*a*b", std::string(2000, 'a') + "b"));
}

report::OwnerLine owner(const std::string& kind, const std::string& name, double share) {
  report::OwnerLine line;
  line.kind = kind;
  line.name = name;
  line.share = share;
  return line;
}

TEST_CASE("who keeps it can be excused, where he keeps nearly all of it") {
  const auto rules = report::parse_suppressions(
      "owner:^server.table_  # the table is emptied at night\n"
      "owner:cache (Map) in *app.js$  until=2099-01-01  # bounded by its users\n");
  REQUIRE(rules);
  REQUIRE(rules->size() == 2);
  CHECK((*rules)[1].pattern == "cache (Map) in *app.js$");
  CHECK((*rules)[1].until == "2099-01-01");

  report::Finding finding;
  finding.owners = {owner("global", "server.table_.sessions_ (owned .bss)", 0.7),
                    owner("global", "server.table_.names_ (owned .bss)", 0.25),
                    owner("lost", "", 0.05)};
  CHECK(report::suppresses((*rules)[0], finding, {}));
  CHECK_FALSE(report::suppresses((*rules)[1], finding, {}));
  finding.owners[2].share = 0.3;
  finding.owners[0].share = 0.45;
  CHECK_FALSE(report::suppresses((*rules)[0], finding, {}));

  report::OwnerLine object = owner("js_object", "cache", 0.97);
  object.what = "Map";
  object.place = "/srv/app.js";
  finding.owners = {object};
  CHECK(report::suppresses((*rules)[1], finding, {}));
  finding.owners[0].place = "/srv/other.js";
  CHECK_FALSE(report::suppresses((*rules)[1], finding, {}));
  finding.owners.clear();
  CHECK_FALSE(report::suppresses((*rules)[1], finding, {}));
}

}  // namespace
}  // namespace silt::test
