// SPDX-License-Identifier: Apache-2.0
//
// What the loader's own tables say agrees with dlsym, which may be asked here.

#include "interposer/base/symbol_search.h"

#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <cstdlib>

namespace silt::base {

namespace {

// Taking a function's address gives a program that is not position-independent an entry of that
// name, which defines nothing.
void (*volatile g_taken)(void*) = free;

}  // namespace

TEST_CASE("what the program takes the address of is not defined before the library") {
  REQUIRE(g_taken != nullptr);
  CHECK_FALSE(is_defined_before_this_library("free"));
}

TEST_CASE("symbols of any library are found, others are not") {
  for (const char* name : {"malloc", "free", "strerror", "_dl_find_object", "_Znwm", "_ZdlPvm",
                           "pthread_create", "sin"}) {
    INFO(name);
    CHECK(is_defined(name) == (dlsym(RTLD_DEFAULT, name) != nullptr));
    CHECK(is_defined_after_this_library(name) == (dlsym(RTLD_NEXT, name) != nullptr));
  }
  for (const char* name : {"", "no_such_symbol_anywhere", "mallo", "mallocc"}) {
    INFO(name);
    CHECK_FALSE(is_defined(name));
    CHECK_FALSE(is_defined_after_this_library(name));
  }
}

}  // namespace silt::base
