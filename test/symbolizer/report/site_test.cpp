// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/report/site.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::Origin;
using report::origin_of;
using report::plain_name;

TEST_CASE("plain names lose return type, template arguments and parameters") {
  CHECK(plain_name("main") == "main");
  CHECK(plain_name("SessionTable::add(int, std::map<int, int>)") == "SessionTable::add");
  CHECK(plain_name("Response.send.<locals>.<listcomp>") == "Response.send.<listcomp>");
  CHECK(plain_name("make.<locals>.inner") == "make.inner");
  CHECK(plain_name("<module>") == "<module>");
  CHECK(plain_name("odd.<never") == "odd.");
  CHECK(plain_name("void std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int&&)") ==
        "std::vector::_M_realloc_insert");
  CHECK(plain_name("std::unique_ptr<Foo> make<Foo>(int)") == "make");
  CHECK(plain_name("operator new(unsigned long)") == "operator new");
  CHECK(plain_name("(anonymous namespace)::leak(int)") == "(anonymous namespace)::leak");
  CHECK(plain_name("main::(anonymous)::operator()") == "main::(anonymous)::operator()");
  CHECK(plain_name("Pool::(anonymous)::operator()(int) const") == "Pool::(anonymous)::operator()");
  CHECK(plain_name("bool operator<(Key const&, Key const&)") == "operator<");
  CHECK(plain_name("Table::operator()(int) const") == "Table::operator()");
  CHECK(plain_name("") == "");
}

TEST_CASE("a constructor has the name of its class") {
  for (const char* name : {"Texture::Texture(int)", "ui::Texture::Texture(Texture::Kind)",
                           "ui::List<ui::Item>::List(int (*)(int))"}) {
    CHECK(report::is_constructor(frame(name)));
  }
  for (const char* name : {"Texture", "Texture::~Texture()", "Texture::draw(Texture::Texture)", "",
                           "ui::Texture::Texture::(anonymous)::operator()() const", "::Texture"}) {
    CHECK_FALSE(report::is_constructor(frame(name)));
  }
}

TEST_CASE("the owner of a frame follows from its module, name and source") {
  CHECK(origin_of(frame("malloc", "", 0, "/x/libsilt.so")) == Origin::kAllocator);
  CHECK(origin_of(frame("operator new(unsigned long)")) == Origin::kAllocator);
  CHECK(origin_of(frame("__GI___strdup", "", 0, "/lib/x86_64-linux-gnu/libc.so.6")) ==
        Origin::kRuntime);
  CHECK(origin_of(frame("void std::vector<int>::push_back(int)")) == Origin::kRuntime);
  CHECK(origin_of(frame("<alloc::vec::Vec<T> as core::clone::Clone>::clone")) == Origin::kRuntime);
  CHECK(origin_of(frame("push_back", "/usr/include/c++/12/bits/stl_vector.h", 1)) ==
        Origin::kRuntime);
  CHECK(origin_of(frame("PyList_Append", "", 0, "/usr/bin/python3.11")) == Origin::kRuntime);
  CHECK(origin_of(frame("xmalloc", "x.c", 3)) == Origin::kWrapper);
  CHECK(origin_of(frame("ztrymalloc_usable", "zmalloc.c", 3)) == Origin::kWrapper);
  CHECK(origin_of(frame("SSL_new", "", 0, "/usr/lib/x86_64-linux-gnu/libssl.so.3")) ==
        Origin::kLibrary);
  CHECK(origin_of(frame("handle", "app.cpp", 3)) == Origin::kUser);
  CHECK(origin_of(frame("handle", "", 0, "/opt/shop/libshop.so")) == Origin::kUser);
}

TEST_CASE("a wrapper is looked through, unless nothing else is there") {
  const symbolize::Frame allocator = frame("malloc", "", 0, "/x/libsilt.so");
  const symbolize::Frame wrapper = frame("xmalloc", "x.c", 3);
  const symbolize::Frame own = frame("serve", "s.c", 8);
  CHECK(report::find_site({allocator, wrapper, own}) == 2);
  CHECK(report::find_site({allocator, wrapper}) == 1);
  CHECK(report::leading_allocator_frames({allocator, wrapper, own}) == 1);
  CHECK(report::leading_allocator_frames({allocator}) == 0);
}

TEST_CASE("packages of JavaScript are less preferred than own code, node's internals least") {
  const auto js = [](const char* function, const char* file) {
    symbolize::Frame made = frame(function, file, 4, "");
    made.kind = symbolize::FrameKind::kJavaScript;
    return made;
  };
  const symbolize::Frame internal = js("alloc", "node:buffer");
  const symbolize::Frame package = js("parse", "/a/node_modules/x/i.js");
  CHECK(report::find_site({internal, package, js("serve", "/a/app.js")}) == 2);
  CHECK(report::find_site({internal, package}) == 1);
}

}  // namespace
}  // namespace silt::test
