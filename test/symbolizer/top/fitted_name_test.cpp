// SPDX-License-Identifier: Apache-2.0
//
// A name in a narrow column says what it ends with.

#include "symbolizer/top/fitted_name.h"

#include <catch2/catch.hpp>

#include "symbolizer/base/columns.h"

namespace silt::top {
namespace {

TEST_CASE("a name that fits is whole") {
  CHECK(fitted_name("shop::Table::add", 16) == "shop::Table::add");
  CHECK(fitted_name("", 4).empty());
}

TEST_CASE("namespaces give way first, and whole") {
  CHECK(fitted_name("shop::cache::Table::add", 12) == "…Table::add");
  CHECK(fitted_name("shop::cache::Table::add", 22) == "…cache::Table::add");
  CHECK(fitted_name("app.models.User.save", 10) == "…User.save");
}

TEST_CASE("brackets are not parted") {
  CHECK(fitted_name("Pool<a::Very::Long, b::C>::take", 8) == "…take");
  CHECK(fitted_name("operator()(int) const", 12) != "…");
}

TEST_CASE("a name too long for the column keeps its beginning and its end") {
  const std::string name = fitted_name("shop::" + std::string(30, 'a') + "zz", 10);
  CHECK(columns(name) <= 10);
  CHECK(name.substr(name.size() - 2) == "zz");
}

TEST_CASE("no width is exceeded") {
  for (const char* name : {"a::b::c::d", "äöü::日本語::名前", "::", "a.b.", "x", "f<g::h", "..."}) {
    for (size_t width = 1; width < 12; ++width) {
      INFO(name << " in " << width << ": " << fitted_name(name, width));
      CHECK(columns(fitted_name(name, width)) <= width);
    }
  }
}

}  // namespace
}  // namespace silt::top
