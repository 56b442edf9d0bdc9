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

TEST_CASE("a library is found by what it defines, and its symbols where dlsym says they are") {
  for (const char* name : {"strtol", "pthread_mutex_lock", "getpid"}) {
    INFO(name);
    Library library;
    Library late;
    REQUIRE(find_library(name, &library));
    REQUIRE(find_late_library("libc.so", name, &late));
    CHECK(late.dynamic == library.dynamic);
    CHECK(late.bias == library.bias);
    Symbol symbol;
    REQUIRE(find_symbol(late, name, &symbol));
    CHECK(symbol.address == reinterpret_cast<uint64_t>(dlsym(RTLD_DEFAULT, name)));
    CHECK_FALSE(find_symbol(late, "no_such_symbol_anywhere", &symbol));
  }
  Library library;
  CHECK_FALSE(find_library("no_such_symbol_anywhere", &library));
  CHECK_FALSE(find_late_library("libc.so", "no_such_symbol_anywhere", &library));
  CHECK_FALSE(find_late_library("ibc.so", "strtol", &library));
  CHECK_FALSE(find_late_library("libc.so.6.more", "strtol", &library));
}

TEST_CASE("a library that is gone is no place to look in, and no harm") {
  Symbol symbol;
  CHECK_FALSE(
      find_symbol(Library{0, reinterpret_cast<const void*>(0x1000), false}, "malloc", &symbol));
}

}  // namespace silt::base
