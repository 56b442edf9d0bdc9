// SPDX-License-Identifier: Apache-2.0
//
// Names of each language and what compilers append to them.

#include "symbolizer/symbolize/demangle.h"

#include <catch2/catch.hpp>
#include <string>

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

// `S_`, `S0_`, ...: the parts of a C++ name in the order in which they appeared.
std::string substitution(unsigned index) {
  if (index == 0) return "S_";
  constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string digits;
  for (unsigned rest = index - 1;; rest /= 36) {
    digits.insert(digits.begin(), kDigits[rest % 36]);
    if (rest < 36) break;
  }
  return "S" + digits + "_";
}

// f(pair<int, int>, pair<both, both>, ...): each argument is twice the one before.
std::string doubling(unsigned times) {
  std::string name = "_Z1fSt4pairIiiE";
  for (unsigned i = 1; i <= times; ++i) {
    name += "S_I" + substitution(i) + substitution(i) + "E";
  }
  return name;
}

TEST_CASE("a name that stands for a little more than its letters is written out") {
  const std::string readable = demangle(doubling(5));
  CHECK(readable.starts_with("f(std::pair<int, int>, std::pair<std::pair<int, int>, "));
  CHECK(readable.size() > 1000);
}

TEST_CASE("a short C++ name that stands for gigabytes stays as it is") {
  for (const unsigned times : {20u, 25u, 60u, 500u}) {
    CHECK(demangle(doubling(times)) == doubling(times));
  }
}

TEST_CASE("parts that print nothing are counted too") {
  // The pattern of a pack expansion is searched for a pack as a tree, not as what is shared.
  std::string name = doubling(60);
  name += "Dp" + substitution(60);
  CHECK(demangle(name) == name);
}

TEST_CASE("template parameters that stand for one another stay as they are") {
  // Each function is local to the one before, and its parameter is a pair of the last one's.
  std::string name = "1fIiEvT_";
  for (int i = 0; i < 200; ++i) name = "Z" + name + "E1fISt4pairIT_T_EEvT_";
  CHECK(demangle("_Z" + name).size() < 70'000);
}

TEST_CASE("conversions to template parameters, one inside the other, end soon") {
  std::string name;
  for (int i = 0; i < 60; ++i) name += "N1AcvT_IL_Z";
  CHECK(demangle("_Z" + name) == "_Z" + name);
}

TEST_CASE("a short Rust name that stands for gigabytes stays as it is") {
  // A function generic over a tuple of twice what came before, by back references.
  std::string name = "_RINvC1a1bTllE";
  size_t before = name.find('T') - 2;  // positions count from behind "_R"
  const auto number = [](size_t value) {
    constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (value == 0) return std::string("_");
    std::string digits;
    for (size_t rest = value - 1;; rest /= 62) {
      digits.insert(digits.begin(), kDigits[rest % 62]);
      if (rest < 62) break;
    }
    return digits + "_";
  };
  for (int i = 0; i < 40; ++i) {
    const size_t here = name.size() - 2;
    name += "TB" + number(before) + "B" + number(before) + "E";
    before = here;
  }
  name += "E";
  CHECK(demangle(name) == name);
}

TEST_CASE("D names become readable, and one that stands for gigabytes stays as it is") {
  CHECK(demangle("_D8demangle4testFaZv") == "demangle.test(char)");
  std::string name = "_D1a1fFHii";
  size_t before = name.size() - 3;  // of the type that is doubled: an array by key
  const auto back = [](size_t distance) {
    std::string digits(1, static_cast<char>('a' + distance % 26));
    for (distance /= 26; distance != 0; distance /= 26) {
      digits.insert(digits.begin(), static_cast<char>('A' + distance % 26));
    }
    return "Q" + digits;
  };
  for (int i = 0; i < 60; ++i) {
    const size_t here = name.size();
    name += "H";
    name += back(name.size() - before);
    name += back(name.size() - before);
    before = here;
  }
  name += "Zv";
  CHECK(demangle(name) == name);
}

TEST_CASE("ten thousand costly names take no more than their share") {
  for (unsigned i = 0; i < 10'000; ++i) {
    const std::string name = doubling(30 + i % 100);
    if (demangle(name) != name) FAIL(name);
  }
  // Cheap ones are written out whatever came before.
  CHECK(demangle("_Znwm") == "operator new(unsigned long)");
  CHECK(demangle(doubling(2)).starts_with("f(std::pair"));
}

}  // namespace
}  // namespace silt::symbolize
