// SPDX-License-Identifier: Apache-2.0
//
// The policy to begin with says what holds without one.

#include "symbolizer/report/gate/policy_template.h"

#include <catch2/catch.hpp>
#include <regex>
#include <sstream>
#include <string>

#include "symbolizer/report/gate/policy_file.h"

namespace silt::report {
namespace {

// The template with every key set, up to its example of a module.
std::string all_keys() {
  std::istringstream in{std::string(policy_template())};
  std::string text;
  for (std::string line; std::getline(in, line) && line.rfind("# [", 0) != 0;) {
    const bool is_key = std::regex_search(line, std::regex("^# [a-z-]+ = "));
    text += (is_key ? line.substr(2) : line) + "\n";
  }
  return text;
}

void check_default(const Policy& policy) {
  const Policy usual;
  CHECK(policy.growing_breaks == usual.growing_breaks);
  CHECK(policy.confidence == usual.confidence);
  CHECK(policy.each.growth_per_hour == usual.each.growth_per_hour);
  CHECK(policy.each.bytes_per_work == usual.each.bytes_per_work);
  CHECK(policy.total_growth_per_hour == usual.total_growth_per_hour);
  CHECK(policy.modules.empty());
  CHECK(policy.snapshots == usual.snapshots);
  CHECK(policy.detectable == usual.detectable);
  CHECK(policy.inconclusive_fails == usual.inconclusive_fails);
  CHECK(policy.whole == usual.whole);
  CHECK(policy.unjudged_fails == usual.unjudged_fails);
  CHECK_FALSE(policy.old_form);
}

TEST_CASE("as it is it changes nothing") {
  const Result<Policy> policy = parse_policy(policy_template());
  REQUIRE(policy);
  check_default(*policy);
}

TEST_CASE("the values in its comments are the defaults") {
  const std::string text = all_keys();
  const Result<Policy> policy = parse_policy(text);
  REQUIRE(policy);
  check_default(*policy);
  size_t keys = 0;
  for (size_t at = text.find(" = "); at != std::string::npos; at = text.find(" = ", at + 1)) ++keys;
  CHECK(keys == 10);
}

TEST_CASE("its example of a module is one") {
  const std::string all(policy_template());
  const Result<Policy> policy = parse_policy("[module.libvendor]\ngrowth-per-hour = \"1 MB\"\n");
  REQUIRE(policy);
  CHECK(all.find("# [module.libvendor]\n# growth-per-hour = \"1 MB\"\n") != std::string::npos);
  REQUIRE(policy->modules.size() == 1);
  CHECK(policy->modules[0].each.growth_per_hour == 1e6);
}

}  // namespace
}  // namespace silt::report
