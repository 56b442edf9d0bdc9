// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined Node.js processes: what leaks is named as its developers would, and
// what only looks like it is not accused.

#include "symbolizer/runtime/nodejs/settle.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {
namespace {

TEST_CASE("what node itself adds along with the one leak is told with it") {
  Server server(5);
  const auto leak =
      server.process.script_stack({{"sendFile", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  const auto socket = server.process.script_stack(
      {{"connectionListenerInternal", "node:_http_server", 653, 3}, kTimers});
  for (int i = 0; i <= 8; ++i) {
    server.objects(leak, 10'000, 120);
    server.objects(socket, 6'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.function == "sendFile");
  CHECK(render::reason_text(found[0]->why).find("`connectionListenerInternal`") !=
        std::string::npos);
}

TEST_CASE(
    "what packages add in calls of node's, along with a larger leak of the user's, is part of it") {
  const bool larger = GENERATE(false, true);
  Server server(5);
  const auto leak =
      server.process.script_stack({{"fetchPage", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  // A second leak of the user's does not matter.
  const auto other =
      server.process.script_stack({{"log", "file:///srv/app.js", 80, 3}, kMain, kTimers});
  const auto package = server.process.script_stack(
      {{"handleStreamEnd", "file:///srv/node_modules/agent/http.js", 868, 3}, kTimers});
  for (int i = 0; i <= 8; ++i) {
    server.objects(leak, 10'000, 120);
    server.objects(other, 3'000, 120);
    server.objects(package, larger ? 30'000 : 6'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == (larger ? 3 : 2));
  const std::string reason = render::reason_text(found[0]->why);
  CHECK((reason.find("`handleStreamEnd`") != std::string::npos) == !larger);
}

TEST_CASE("a place that is most of a heap which grows ever more slowly has the heap's curve") {
  // A table that fills, or a leak of the same size under a load that falls by a third.
  const bool leaks_too = GENERATE(false, true);
  size_t accused_of = 0;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    Server server(seed);
    const auto table =
        server.process.script_stack({{"compile", "file:///srv/app.js", 15, 3}, kMain, kTimers});
    for (int i = 0; i <= 9; ++i) {
      server.objects(table, leaks_too ? 6'000 * (1 - 0.04 * i) : 30'000.0 / (i + 2), 60);
      server.snapshot((i + 3) * 17);
    }
    const Report report = server.report();
    for (const Finding* finding : accused(report)) {
      accused_of += finding->verdict == analyze::Verdict::kLeak ? 1 : 0;
    }
  }
  if (leaks_too) {
    CHECK(accused_of >= 9);
  } else {
    CHECK(accused_of <= 1);
  }
}

TEST_CASE("functions of one name on one line are told apart by their columns") {
  Server server(6);
  const auto leak =
      server.process.script_stack({{"(anonymous)", "file:///srv/bundle.js", 7, 1200}, kTimers});
  const auto healthy =
      server.process.script_stack({{"(anonymous)", "file:///srv/bundle.js", 7, 90}, kTimers});
  server.objects(healthy, 40'000, 120);
  for (int i = 0; i <= 8; ++i) {
    server.objects(leak, 10'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.column == 1200);
  CHECK(render::headline_text(*found[0]).find("bundle.js:7:1200") != std::string::npos);
}

TEST_CASE("a leak of objects is said in a JavaScript developer's words") {
  Server server(1);
  const auto leak =
      server.process.script_stack({{"getProfile", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  for (int i = 0; i <= 8; ++i) {
    server.objects(leak, 10'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->heap == read::Heap::kManaged);
  CHECK(found[0]->site.function == "getProfile");
  CHECK(render::before_site(*found[0]) == "JS objects allocated in ");
  CHECK_THAT(
      render::headline_text(*found[0]),
      Catch::Contains(" MB/s of objects allocated in `getProfile` (app.js:31), grew in each of "));
}

TEST_CASE("sampled objects of a full cache are not accused") {
  size_t wrong = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Server server(seed);
    const auto cache =
        server.process.script_stack({{"remember", "/srv/cache.js", 9, 3}, kMain, kTimers});
    server.objects(cache, 50'000, 100);
    for (int i = 0; i <= 10; ++i) {
      server.snapshot(i);
      server.objects(cache, 20'000, 100);
      server.collect(cache, 20'000, 100);
    }
    wrong += accused(server.report()).size();
  }
  CHECK(wrong == 0);
}

TEST_CASE("a place of a few samples that come and go is no finding, one of many is") {
  for (const auto& [count, findings] : {std::pair{70.0, 0U}, std::pair{15'000.0, 1U}}) {
    Server server(4);
    const auto batch = server.process.script_stack({{"batch", "/srv/app.js", 40, 1}, kMain});
    for (int i = 0; i <= 9; ++i) {
      server.objects(batch, count, 1000);
      if (i % 3 == 2) server.collect(batch, 3 * count, 1000);
      server.snapshot(i);
    }
    CHECK(server.report().findings.size() == findings);
  }
}

TEST_CASE("objects that grow while the heap as a whole does not are not accused") {
  Server server(3);
  const auto newer = server.process.script_stack({{"newer", "/srv/app.js", 20, 1}, kMain});
  for (int i = 0; i <= 8; ++i) {
    server.objects(newer, 10'000, 120);
    server.collect(newer, 0, 120);
    server.process.values().managed_heaps[0].heap_used_bytes = 9'000'000;
    server.process.take_snapshot(i);
  }
  CHECK(accused(server.report()).empty());
}

TEST_CASE("V8's own books of a growing heap are no finding of their own") {
  Server server(8);
  const auto books = server.process.stack(
      {"v8::internal::MemoryChunk::MemoryChunk", "v8::internal::Heap::Scavenge", "main"});
  const auto leak =
      server.process.script_stack({{"getProfile", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  for (int i = 0; i <= 8; ++i) {
    server.objects(leak, 10'000, 120);
    server.process.allocate(books, 20 + static_cast<uint64_t>(i), 1000);
    server.snapshot(i);
  }
  const Report report = server.report();
  REQUIRE(accused(report).size() == 1);
  CHECK(report.findings.size() == 1);
}

TEST_CASE("what V8 itself keeps is told, and is nobody's leak") {
  Server server(8);
  const auto table = server.process.stack(
      {"v8::internal::Heap::SetUp", "node::worker::Worker::Run", "start_thread"});
  for (int i = 0; i <= 8; ++i) {
    server.process.allocate(table, 200 + static_cast<uint64_t>(i), 400'000);
    server.snapshot(i);
  }
  const Report report = server.report();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].verdict == Verdict::kGrowing);
  CHECK(render::reason_text(report.findings[0].why).find("it is V8's own") != std::string::npos);
}

TEST_CASE("a snapshot that finds V8 compiling raises no doubt") {
  Server server(8);
  const auto zone = server.process.stack({"v8::internal::AccountingAllocator::AllocateSegment",
                                          "v8::internal::compiler::PipelineImpl::Run<Phase>",
                                          "v8::internal::OptimizingCompileTaskExecutor::Run"});
  const auto own = server.process.stack({"read_header", "main"});
  for (int i = 0; i <= 8; ++i) {
    if (i == 8) server.process.allocate(zone, 45, 611'000);
    if (i == 8) server.process.allocate(own, 45, 611'000);
    server.snapshot(i);
  }
  const Report report = server.report();
  REQUIRE(report.findings.size() == 1);  // the same of the program's is a doubt
  CHECK(report.findings[0].site.function == "read_header");
  CHECK(report.findings[0].verdict == Verdict::kGrowing);
}

TEST_CASE("the pages that V8 maps for a growing heap are no finding beside the heap's own") {
  Server server(8);
  const auto pages =
      server.process.stack({"v8::base::OS::Allocate", "v8::internal::MemoryAllocator::AllocatePage",
                            "v8::internal::Heap::AllocateRaw", "main"},
                           read::Heap::kMapping);
  const auto arena = server.process.stack({"mmap", "make_arena", "main"}, read::Heap::kMapping);
  server.process.allocate(arena, 1, 5'000'000);
  const auto leak =
      server.process.script_stack({{"remember", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  for (int i = 0; i <= 8; ++i) {
    server.objects(leak, 10'000, 120);
    server.process.allocate(pages, 10, 10 << 18);
    server.snapshot(i);
  }
  const Report report = server.report();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].heap == read::Heap::kManaged);
  CHECK(report.findings[0].growth_bytes < 10'000'000);  // the objects'; 21 MB were mapped
  // Nor are they native memory in the sums: the heap's own figures are there.
  CHECK(report.snapshots.front().mapping_bytes == 5'000'000);
  CHECK(report.snapshots.back().mapping_bytes == 5'000'000);
}

TEST_CASE("a few samples of the caller, or a pool's blocks, do not make it the site") {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    Server server(seed);
    const read::ScriptFrame profile{"loadProfile", "file:///srv/app.js", 31, 3};
    const auto leak = server.process.script_stack({profile, kMain, kTimers});
    const auto date =
        server.process.script_stack({{"utcDate", "node:_http", 7, 1}, kMain, kTimers});
    const auto pool =
        server.process.stack({"node::AllocateUninitialized", "JS:~fromString node:buffer:477:1",
                              "JS:~onRequest /srv/app.js:3:1", "main"});
    for (int i = 0; i <= 8; ++i) {
      server.objects(leak, 10'000, 200);
      if (i == 4) server.process.allocate(date, 1, 4, 66'000);
      if (i == 5) server.process.allocate(date, 2, 4, 66'000);
      if (i == 2 || i == 4 || i == 6) {
        server.process.allocate(pool, 1, 8192);
        server.process.allocate(pool, 1, 1024);
      }
      server.snapshot(i);
    }
    const Report report = server.report();
    const auto found = accused(report);
    REQUIRE(found.size() == 1);
    CHECK(found[0]->site.function == "loadProfile");
    CHECK(report.findings.size() == 1);
  }
}

}  // namespace
}  // namespace silt::report
