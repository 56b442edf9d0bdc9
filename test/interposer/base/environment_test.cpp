// SPDX-License-Identifier: Apache-2.0

#include "interposer/base/environment.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

extern "C" char** environ;

namespace silt::base {
namespace {

TEST_CASE("a variable is added behind the others, which stay where they are") {
  char** const before = environ;
  size_t count = 0;
  while (before[count] != nullptr) ++count;
  REQUIRE(set_variable("SILT_TEST_ADDED", "/some where/"));
  CHECK(std::string(getenv("SILT_TEST_ADDED")) == "/some where/");
  for (size_t i = 0; i < count; ++i) CHECK(environ[i] == before[i]);
  CHECK(environ[count + 1] == nullptr);
}

TEST_CASE("a variable that is there is replaced, and others of a longer name are not") {
  REQUIRE(setenv("SILT_TEST", "old", 1) == 0);
  REQUIRE(setenv("SILT_TEST_LONGER", "kept", 1) == 0);
  REQUIRE(set_variable("SILT_TEST", "new"));
  CHECK(std::string(getenv("SILT_TEST")) == "new");
  CHECK(std::string(getenv("SILT_TEST_LONGER")) == "kept");
}

TEST_CASE("the program may change its environment afterwards as ever") {
  REQUIRE(set_variable("SILT_TEST_FIRST", "1"));
  REQUIRE(setenv("SILT_TEST_SECOND", "2", 1) == 0);
  REQUIRE(unsetenv("SILT_TEST_FIRST") == 0);
  CHECK(getenv("SILT_TEST_FIRST") == nullptr);
  CHECK(std::string(getenv("SILT_TEST_SECOND")) == "2");
}

}  // namespace
}  // namespace silt::base
