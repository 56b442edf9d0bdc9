// SPDX-License-Identifier: Apache-2.0
//
// Allocators inside programs, known by whoever asks for their pieces.

#include "symbolizer/report/findings/inner_allocator.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::inner_allocator;
using symbolize::Frame;

const Frame kMap = frame("mmap", "", 0, "/usr/lib/x86_64-linux-gnu/libc.so.6");

TEST_CASE("an allocator is known by the function that asks for its pieces") {
  const auto pools = inner_allocator({kMap, frame("ngx_create_pool", "pool.c", 20), kMain});
  REQUIRE(pools);
  CHECK(pools->name == "nginx's pools");
  CHECK(pools->setting.empty());
  const auto python = inner_allocator({kMap, frame("_PyMem_ArenaAlloc", "", 0, "/usr/bin/app")});
  REQUIRE(python);
  CHECK(python->setting == "PYTHONMALLOC=malloc");
  CHECK(python->runtime == "python");
}

TEST_CASE("an allocator that hands on each block as it comes from malloc cuts up none") {
  const Frame malloc = frame("malloc", "", 0, "/x/libsilt.so");
  const Frame slices = frame("g_slice_alloc", "", 0, "/lib/libglib-2.0.so.0");
  const Frame page = frame("", "", 0, "/lib/libglib-2.0.so.0");
  const auto cut = inner_allocator({malloc, page, slices, kMain});
  REQUIRE(cut);
  CHECK(cut->setting == "G_SLICE=always-malloc");
  // With that setting, and from GLib 2.76 on.
  CHECK_FALSE(
      inner_allocator({malloc, frame("g_malloc", "", 0, "/lib/libglib-2.0.so.0"), slices, kMain}));
}

TEST_CASE("static functions of an interpreter are known by its file") {
  const auto php = inner_allocator({kMap, frame("", "", 0, "/usr/bin/php8.2"), kMain});
  REQUIRE(php);
  CHECK(php->runtime == "php");
  const auto java = inner_allocator({kMap, frame("", "", 0, "/opt/jdk/lib/server/libjvm.so")});
  REQUIRE(java);
  CHECK(java->managed);
}

TEST_CASE("an allocator far out on the stack, and a program's own mapping, are none") {
  symbolize::FrameList deep = {kMap};
  for (uint32_t i = 0; i < 12; ++i) deep.push_back(frame("step", "app.cpp", i + 1));
  deep.push_back(frame("g_slice_alloc", "gslice.c", 9));
  CHECK_FALSE(inner_allocator(deep));
  CHECK_FALSE(inner_allocator({kMap, frame("load", "app.cpp", 3), kMain}));
  CHECK_FALSE(inner_allocator({kMap}));
}

TEST_CASE("what a replaced operator new calls is an allocator, whatever its name") {
  const auto found = inner_allocator({kMap, frame("take_span", "heap.cpp", 3),
                                      frame("operator new(unsigned long)", "heap.cpp", 9), kMain});
  REQUIRE(found);
  CHECK(found->name == "an allocator inside 'app'");
}

}  // namespace
}  // namespace silt::test
