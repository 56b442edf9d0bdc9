// SPDX-License-Identifier: Apache-2.0
//
// Names of classes and sources.

#include "interposer/runtime/jvm/names.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace silt::jvm {
namespace {

std::string named(const char* signature, size_t room = 100) {
  std::vector<char> text(room);
  return class_name(signature, text.data(), room);
}

std::string found(const char* signature, const char* file) {
  char text[100];
  return source_path(signature, file, text, sizeof(text));
}

TEST_CASE("classes are named as programmers write them, and hidden ones alike each time") {
  CHECK(named("Lcom/shop/Cart$Line;") == "com.shop.Cart$Line");
  CHECK(named("[[I") == "int[][]");
  CHECK(named("[Ljava/lang/String;") == "java.lang.String[]");
  CHECK(named("LShop$$Lambda$14+0x00007f1234;") == "Shop$$Lambda");
  CHECK(named("LShop$$Lambda.0x000071e0010009f8;") == "Shop$$Lambda");
  CHECK(named("Ljava/lang/invoke/LambdaForm$MH.0x0001;") == "java.lang.invoke.LambdaForm$MH");
  CHECK(named("") == "");
  CHECK(named("Lcom/shop/Cart;", 5) == "com.");
}

TEST_CASE("a source lies in the folder of its package") {
  CHECK(found("Lcom/shop/Cart$Line;", "Cart.java") == "com/shop/Cart.java");
  CHECK(found("LShop;", "Shop.java") == "Shop.java");
  CHECK(found("LShop$$Lambda/0x0001;", "Shop.java") == "Shop.java");
}

}  // namespace
}  // namespace silt::jvm
