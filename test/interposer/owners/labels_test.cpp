// SPDX-License-Identifier: Apache-2.0

#include "interposer/owners/labels.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::owners {
namespace {

TEST_CASE("equal texts have one number, and the text comes back") {
  Labels labels;
  REQUIRE(labels.start());
  const LabelId first = labels.add("app.Session");
  const LabelId second = labels.add("app.Sessio");
  CHECK(first != second);
  CHECK(labels.add("app.Session") == first);
  CHECK(labels.text(first) == std::string("app.Session"));
  CHECK(labels.text(second) == std::string("app.Sessio"));
  CHECK(labels.add("") == 0);
  CHECK(labels.text(0) == std::string());
}

TEST_CASE("long texts are cut between letters") {
  Labels labels;
  REQUIRE(labels.start());
  std::string text(Labels::kLongest - 1, 'x');
  const LabelId cut = labels.add((text + "ü").c_str());
  CHECK(labels.text(cut) == text);
}

TEST_CASE("where there is no room, a new text has no number and known ones keep theirs") {
  Labels labels;
  REQUIRE(labels.start());
  const LabelId known = labels.add("known");
  LabelId last = 1;
  for (uint32_t i = 0; i < 2 * Labels::kMost && last != 0; ++i) {
    last = labels.add(("name " + std::to_string(i)).c_str());
  }
  CHECK(last == 0);
  CHECK(labels.add("known") == known);
  CHECK(labels.text(known) == std::string("known"));
}

}  // namespace
}  // namespace silt::owners
