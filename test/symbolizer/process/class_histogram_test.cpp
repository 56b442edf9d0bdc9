// SPDX-License-Identifier: Apache-2.0
//
// HotSpot's table of classes, as versions 8 to 21 write it, and as nobody should.

#include "symbolizer/process/class_histogram.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::process {
namespace {

constexpr const char* kHead =
    " num     #instances         #bytes  class name (module)\n"
    "-------------------------------------------------------\n";

std::string table(const std::string& rows, const std::string& total) {
  return kHead + rows + "Total " + total + "\n";
}

const read::ClassCount* find(const ClassHistogram& histogram, const std::string& name) {
  for (const read::ClassCount& one : histogram.classes) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

std::string why_refused(const std::string& text) {
  const auto histogram = parse_class_histogram(text);
  return histogram ? "" : histogram.error().message;
}

TEST_CASE("each class is read with its figures, and whose it is") {
  const auto histogram = parse_class_histogram(
      table("   1:         10297        1910576  [B (java.base@17.0.15)\n"
            "   2:           300           9600  com.shop.Order$Line\n"
            "   3:            20            640  [Lcom.shop.Order$Line;\n"
            "   4:            10            320  com.vendor.Thing (vendor@1.0)\n"
            "   5:             2             64  [Ljava.lang.String; (java.base@17.0.15)\n",
            "        10629        1921200"));
  REQUIRE(histogram);
  CHECK(histogram->objects == 10'629);
  CHECK(histogram->bytes == 1'921'200);
  REQUIRE(histogram->classes.size() == 5);
  CHECK(histogram->classes[0].name == "[B");
  CHECK_FALSE(histogram->classes[0].own);
  REQUIRE(find(*histogram, "com.shop.Order$Line") != nullptr);
  CHECK(find(*histogram, "com.shop.Order$Line")->own);
  CHECK(find(*histogram, "com.shop.Order$Line")->objects == 300);
  CHECK(find(*histogram, "[Lcom.shop.Order$Line;")->own);
  CHECK(find(*histogram, "com.vendor.Thing")->own);
  CHECK_FALSE(find(*histogram, "[Ljava.lang.String;")->own);
}

TEST_CASE("without modules, as before version 9, the JDK's packages tell its classes") {
  CHECK_FALSE(is_own_class("java.util.HashMap$Node", ""));
  CHECK_FALSE(is_own_class("[[I", ""));
  CHECK_FALSE(is_own_class("[Lsun.misc.Thing;", ""));
  CHECK(is_own_class("javassist.Pool", ""));
  CHECK(is_own_class("org.shop.java.Order", ""));
  CHECK_FALSE(is_own_class("com.sun.proxy.X", "java.base@17"));
}

TEST_CASE("classes of one name are counted together, with how often they were loaded") {
  const auto histogram = parse_class_histogram(
      table("   1:            10            640  Plugin\n"
            "   2:             5            320  Plugin\n"
            "   3:             4             64  Main$$Lambda$14/0x0000000800c03000\n"
            "   4:             3             48  Main$$Lambda$15/0x0000000800c03218\n",
            "22 1072"));
  REQUIRE(histogram);
  REQUIRE(histogram->classes.size() == 2);
  CHECK(histogram->classes[0].name == "Plugin");
  CHECK(histogram->classes[0].classes == 2);
  CHECK(histogram->classes[0].bytes == 960);
  CHECK(histogram->classes[1].name == "Main$$Lambda");
  CHECK(histogram->classes[1].objects == 7);
}

TEST_CASE("what a collector leaves in place of dead objects does not count") {
  const auto histogram = parse_class_histogram(
      table("   1:            10            640  [Ljdk.internal.vm.FillerElement; (java.base@21)\n"
            "   2:             5            320  Good\n"
            "   3:             4             64  jdk.internal.vm.FillerObject (java.base@21)\n",
            "19 1024"));
  REQUIRE(histogram);
  CHECK(histogram->bytes == 320);
  CHECK(histogram->objects == 5);
  CHECK(histogram->classes.size() == 1);
}

TEST_CASE("a class whose name has a line feed in it cannot add rows or end the table") {
  const auto histogram = parse_class_histogram(table(
      "   1:            10            640  Evil\n"
      "   2:      99999999       99999999  [B (java.base@17)\n"  // more bytes than the one above
      "Total            1              1\n"
      "   2:             5            320  Good\n",
      "15 960"));
  REQUIRE(histogram);
  CHECK(histogram->bytes == 960);
  CHECK(histogram->classes.size() == 2);
}

TEST_CASE("what is no table, or does not add up, is refused") {
  CHECK_FALSE(why_refused("").empty());
  CHECK_FALSE(why_refused(kHead).empty());
  CHECK_FALSE(
      why_refused("java.lang.IllegalArgumentException: Unknown diagnostic command").empty());
  const std::string good = table("   1:  10  640  A\n   2:  5  320  B\n", "15 960");
  CHECK(why_refused(good).empty());
  for (size_t size = 0; size + 1 < good.size(); ++size) {
    CHECK_FALSE(why_refused(good.substr(0, size)).empty());
  }
  CHECK_FALSE(why_refused(table("   1:  10  640  A\n", "10 641")).empty());
  CHECK_FALSE(why_refused(table("   1:  99999999999999999999  640  A\n", "0 640")).empty());
  CHECK_FALSE(why_refused(table("   1:  -1  640  A\n", "0 640")).empty());
  CHECK_FALSE(why_refused(table("   1:  1  640  \n", "1 640")).empty());
  // Sums that would run over.
  std::string rows;
  for (int i = 1; i < 20; ++i) rows += std::to_string(i) + ": 1152921504606846976 1 A\n";
  CHECK(why_refused(table(rows, "0 20")).find("too large") != std::string::npos);
}

}  // namespace
}  // namespace silt::process
