// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/render/owner_words.h"

#include <catch2/catch.hpp>

namespace silt::render {
namespace {

report::OwnerLine owner(const std::string& name, double share, std::vector<std::string> path,
                        const std::string& kind = "global") {
  report::OwnerLine line;
  line.kind = kind;
  line.name = name;
  line.share = share;
  line.path = std::move(path);
  return line;
}

using Lines = std::vector<std::string>;

TEST_CASE("a variable has one line, with the way that most of what it keeps has in common") {
  const std::vector<report::OwnerLine> owners = {
      owner("app.CARTS (dict)", 0.4, {"Cart"}),
      owner("app.CARTS (dict)", 0.3, {"Cart", "items (list)"}),
      owner("app.LOG (list)", 0.15, {"str"}),
      owner("app.CARTS (dict)", 0.1, {"Cart", "items (list)", "str"}),
      owner("app.CARTS (dict)", 0.02, {"int"}),
      owner("", 0.03, {}, "lost"),
  };
  CHECK(owner_texts(owners, 3) == Lines{"82 % kept by app.CARTS (dict) → Cart",
                                        "15 % kept by app.LOG (list) → str",
                                        "3 % lost: nothing points to them"});
  CHECK(owner_texts(owners, kAllOwners).size() == owners.size());
}

TEST_CASE("objects of a collected heap, each with a way of its own, stay apart") {
  const std::vector<report::OwnerLine> owners = {owner("list", 0.6, {"+10 Item"}, "js_object"),
                                                 owner("list", 0.3, {"+5 Item"}, "js_object")};
  CHECK(owner_texts(owners, 3).size() == 2);
}

}  // namespace
}  // namespace silt::render
