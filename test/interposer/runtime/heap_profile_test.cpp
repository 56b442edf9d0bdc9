// SPDX-License-Identifier: Apache-2.0
//
// Profiles that fit, and ones that do not.

#include "interposer/runtime/heap_profile.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

namespace silt::runtime {
namespace {

struct Arrays {
  ProfileTotals totals{65536, 1000, 2000, 3000, 500, 1500};
  std::vector<ProfileFrame> frames{{0, 0, 0, 0}, {1, 2, 10, 3}};
  std::vector<ProfileNode> nodes{{0, 0}, {1, 1}, {1, 1}};
  std::vector<ProfileRow> rows{{2, 0, 1, 4, 65600}, {2, 3, 2, 8, 131200}, {3, 0, 1, 1, 70000}};
  std::string texts = std::string("\0f\0/a.js\0", 9);

  Profile* make() const {
    return make_profile(totals, {frames.data(), frames.size()}, {nodes.data(), nodes.size()},
                        {rows.data(), rows.size()}, {texts.data(), texts.size()});
  }
};

bool fits(const Arrays& arrays) {
  Profile* const profile = arrays.make();
  drop_profile(profile);
  return profile != nullptr;
}

TEST_CASE("a profile is a copy of what was handed over") {
  Arrays arrays;
  Profile* const profile = arrays.make();
  REQUIRE(profile != nullptr);
  arrays.rows[1].bytes = 0;
  arrays.texts[1] = 'x';
  CHECK(profile->totals.heap_used == 1000);
  CHECK(profile->frames.count == 2);
  CHECK(profile->frames.data[1].line == 10);
  CHECK(profile->nodes.data[2].parent == 1);
  CHECK(profile->rows.data[1].bytes == 131200);
  CHECK(profile->text_count == 3);
  CHECK(std::string(profile->texts.data + 1) == "f");
  drop_profile(profile);
}

TEST_CASE("an empty profile is one too") {
  Arrays arrays;
  arrays.frames.clear();
  arrays.nodes.clear();
  arrays.rows.clear();
  arrays.texts.clear();
  CHECK(fits(arrays));
}

TEST_CASE("what does not fit is refused") {
  Arrays arrays;
  SECTION("a frame of no text") { arrays.frames[1].file = 3; }
  SECTION("a node of no frame") { arrays.nodes[0].frame = 2; }
  SECTION("a parent that is not older") { arrays.nodes[1].parent = 2; }
  SECTION("a row of no node") { arrays.rows[2].node = 4; }
  SECTION("a row of the root") { arrays.rows[0].node = 0; }
  SECTION("rows out of order") { arrays.rows[1].generation = 0; }
  SECTION("rows of nodes out of order") { arrays.rows[2].node = 1; }
  SECTION("a generation beyond the last") { arrays.rows[1].generation = 256; }
  SECTION("negative bytes") { arrays.rows[0].bytes = -1; }
  SECTION("no number") { arrays.rows[0].blocks = std::numeric_limits<double>::quiet_NaN(); }
  SECTION("endless") { arrays.totals.external = std::numeric_limits<double>::infinity(); }
  SECTION("a text without an end") { arrays.texts.pop_back(); }
  CHECK_FALSE(fits(arrays));
}

}  // namespace
}  // namespace silt::runtime
