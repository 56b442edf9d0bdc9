// SPDX-License-Identifier: Apache-2.0
//
// Names of each language and what compilers append to them.

#include "symbolizer/symbolize/demangle.h"

#include <catch2/catch.hpp>

namespace silt::symbolize {
namespace {

TEST_CASE("C names stay") {
  CHECK(demangle("malloc") == "malloc");
  CHECK(demangle("_start") == "_start");
  CHECK(demangle("").empty());
}

TEST_CASE("C++ names become readable") {
  CHECK(demangle("_ZN12SessionTable3addERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE") ==
        "SessionTable::add(std::__cxx11::basic_string<char, std::char_traits<char>, "
        "std::allocator<char> > const&)");
  CHECK(demangle("_Znwm") == "operator new(unsigned long)");
}

TEST_CASE("Rust names of both schemes become readable, without their hash") {
  CHECK(demangle("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE") ==
        "core::fmt::Write::write_fmt");
  CHECK(demangle("_RNvCskwGfYPst2Cb_3foo16example_function") == "foo::example_function");
}

TEST_CASE("parts and copies of a function have its name") {
  CHECK(demangle("grow.cold") == "grow");
  CHECK(demangle("grow.part.0") == "grow");
  CHECK(demangle("grow.isra.0.constprop.1") == "grow");
  CHECK(demangle("_ZN3fooEv.part.0.cold") == "foo()");
  CHECK(demangle("grow.llvm.1234567") == "grow");
}

TEST_CASE("a dot that means something else stays") {
  CHECK(demangle("main.partial") == "main.partial");
  CHECK(demangle("a.colder") == "a.colder");
}

TEST_CASE("symbol versions are not part of a name") {
  CHECK(demangle("malloc@@GLIBC_2.2.5") == "malloc");
}

TEST_CASE("names that only look mangled stay, however strange") {
  CHECK(demangle("_Z") == "_Z");
  CHECK(demangle("_ZN") == "_ZN");
  CHECK(demangle("_Z\x1b[31m\n") == "_Z\x1b[31m\n");
  const std::string endless = "_Z" + std::string(1 << 20, 'P');
  CHECK(demangle(endless) == endless);
}

}  // namespace
}  // namespace silt::symbolize
