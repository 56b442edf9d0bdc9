// SPDX-License-Identifier: Apache-2.0
//
// Native memory of imagined Node.js processes: Buffers, and what libraries ask for.

#include "symbolizer/runtime/nodejs/native_memory.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {
namespace {

TEST_CASE("objects and Buffers kept by one function are one leak") {
  Server server(5);
  const auto objects =
      server.process.script_stack({{"collectBody", "/srv/app.js", 9, 3}, kMain, kTimers});
  const auto buffers = server.process.stack({"v8::internal::BackingStore::Allocate",
                                             "JS:*collectBody /srv/app.js:9:3",
                                             "JS:~onRequest /srv/app.js:3:1", "main"});
  for (int i = 0; i <= 8; ++i) {
    server.objects(objects, 5'000, 200);
    server.process.allocate(buffers, 1000 + static_cast<uint64_t>(i * 7), 2'000'000);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->heap == read::Heap::kNative);
  CHECK(render::before_site(*found[0]) == "Buffers allocated in ");
  CHECK_THAT(render::headline_text(*found[0]),
             Catch::StartsWith("Buffers allocated in `collectBody` (app.js:9)"));
  CHECK_THAT(render::reason_text(found[0]->why), Catch::Contains("of JavaScript objects"));
  CHECK(found[0]->stacks.size() == 2);
}

TEST_CASE("native memory below JavaScript is told from a flat heap") {
  Server server(6);
  const auto native = server.process.stack({"deflateInit2_", "JS:~openStream /srv/app.js:12:3",
                                            "JS:~onRequest /srv/app.js:3:1", "main"});
  const auto steady = server.process.script_stack({kMain});
  server.objects(steady, 1000, 100);
  for (int i = 0; i <= 8; ++i) {
    server.process.allocate(native, 90 + static_cast<uint64_t>(i), 900'000);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(render::before_site(*found[0]) == "native memory (zlib) below ");
  CHECK_THAT(render::headline_text(*found[0]),
             Catch::StartsWith("native leak below `openStream` (app.js:12)"));
  CHECK_THAT(render::headline_text(*found[0]), Catch::EndsWith("while your JS heap is flat"));
}

TEST_CASE("memory of the thread pool says why it has no caller, and what grows meanwhile") {
  Server server(7);
  const auto pool = server.process.stack({"deflate", "uv__work_thread", "start_thread"});
  const auto objects =
      server.process.script_stack({{"compress", "/srv/app.js", 12, 3}, kMain, kTimers});
  for (int i = 0; i <= 8; ++i) {
    server.process.allocate(pool, 90 + static_cast<uint64_t>(i), 900'000);
    server.objects(objects, 10'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto at = std::find_if(report.findings.begin(), report.findings.end(),
                               [](const Finding& f) { return f.heap == read::Heap::kNative; });
  REQUIRE(at != report.findings.end());
  CHECK_THAT(render::reason_text(at->why), Catch::Contains("a thread of libuv's pool"));
  CHECK_THAT(render::reason_text(at->why), Catch::Contains("look at `compress` (app.js:12)"));
}

TEST_CASE("Buffers that leak beside node's pools keep their site") {
  Server server(9);
  const auto leak = server.process.stack({"node::Allocate", "JS:~alloc node:buffer:379:1",
                                          "JS:~Connection /srv/app.js:15:3",
                                          "JS:~onRequest /srv/app.js:3:1", "main"});
  const auto pool =
      server.process.stack({"node::AllocateUninitialized", "JS:~createPool node:buffer:157:1",
                            "JS:~onRequest /srv/app.js:3:1", "main"});
  for (int i = 0; i <= 8; ++i) {
    server.process.allocate(leak, 100, 16'384);
    if (i == 0 || i == 2 || i == 4 || i == 6) server.process.allocate(pool, 1, 8192);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.function == "Connection");
}

}  // namespace
}  // namespace silt::report
