// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined Node.js processes whose heap was listed twice: what one variable keeps
// is one finding, objects and Buffers.

#include <catch2/catch.hpp>
#include <string>

#include "symbolizer/render/reason_words.h"
#include "symbolizer/runtime/nodejs/heap_owners.h"
#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {
namespace {

TEST_CASE("what one variable keeps is one leak, whichever functions made it") {
  for (const double kept_by_log : {0.0, 2.0}) {
    Server server(9);
    const auto session =
        server.process.script_stack({{"remember", "file:///srv/app.js", 31, 3}, kMain, kTimers});
    const auto entry =
        server.process.script_stack({{"note", "file:///srv/log.js", 8, 3}, kMain, kTimers});
    for (int i = 0; i <= 8; ++i) {
      server.objects(session, 10'000, 120);
      server.objects(entry, 4'000, 120);
      server.snapshot(i);
    }
    read::HeapGrowth heap;
    heap.last.snapshot = 8;
    read::HeapHolder cache;
    cache.name = "cache";
    cache.bytes = static_cast<uint64_t>((14 - 2 * kept_by_log) * 8 * 120 * 1000);
    read::HeapHolder log;
    log.name = "log";
    log.bytes = static_cast<uint64_t>(2 * kept_by_log * 8 * 120 * 1000);
    heap.holders = {cache, log};
    server.heap_growth = {heap};
    const Report report = server.report();
    const auto found = accused(report);
    if (kept_by_log > 0) {
      CHECK(found.size() == 2);
      continue;
    }
    REQUIRE(found.size() == 1);
    CHECK(found[0]->site.function == "remember");
    CHECK(found[0]->stacks.size() == 2);
    CHECK_THAT(render::reason_text(found[0]->why),
               Catch::Contains("made by `note`") && Catch::Contains("since `cache` keeps both"));
  }
}

// All that came is kept by one owner: this much of objects, and of the memory of Buffers.
read::HeapGrowth one_owner(double objects, double buffers) {
  read::HeapGrowth heap;
  heap.last.snapshot = 8;
  read::HeapHolder sockets;
  sockets.name = "agent.sockets";
  sockets.bytes = static_cast<uint64_t>(objects + buffers);
  sockets.kinds = {{"(JSArrayBufferData)", "", 100, static_cast<uint64_t>(buffers)}};
  heap.holders = {sockets};
  heap.bytes = static_cast<int64_t>(sockets.bytes);
  return heap;
}

constexpr double kObjects = 8 * 10'000 * 120.;
constexpr double kBuffers = 512 * 65536.;

// What `check` makes, and Buffers that node reads with none of the program's code on the stack:
// ever more of them, so that no curve joins the two.
void record_objects_and_buffers(Server& server) {
  const auto request =
      server.process.script_stack({{"check", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  const auto read = server.process.stack(
      {"node::NodeArrayBufferAllocator::Allocate(unsigned long)", "uv__read", "main"});
  for (int i = 0; i <= 8; ++i) {
    server.objects(request, 10'000, 120);
    const auto chunks = static_cast<uint64_t>(i == 0 ? 0 : 3 * i * i - 3 * i + 1);
    if (chunks > 0) server.process.allocate(read, chunks, chunks * 65536);
    server.snapshot(i);
  }
}

TEST_CASE("Buffers that node read are one leak with the objects of the variable that keeps both") {
  const bool one = GENERATE(true, false);
  Server server(9);
  record_objects_and_buffers(server);
  if (one) server.heap_growth = {one_owner(kObjects, kBuffers)};
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == (one ? 1 : 2));
  if (!one) return;
  CHECK(found[0]->site.function == "check");
  CHECK_THAT(render::reason_text(found[0]->why),
             Catch::Contains("since `agent.sockets` keeps both"));
}

// A container of `registry` that took in a thousand things.
read::HeapHolder container(const char* label, double bytes, const read::GrownKind& kind) {
  read::HeapHolder holder;
  holder.name = std::string("registry.") + label;
  holder.what = "Array";
  holder.bytes = static_cast<uint64_t>(bytes);
  holder.objects = 1000;
  holder.path = {{"", "global", "", 1}, {"registry", "Object", "", 1}, {label, "Array", "", 1}};
  holder.entries = {{"", "", 1000, holder.bytes}};
  holder.kinds = {kind};
  return holder;
}

TEST_CASE(
    "Buffers in one container and as many objects in another of one object may be two leaks") {
  const bool apart = GENERATE(true, false);
  Server server(9);
  record_objects_and_buffers(server);
  const read::GrownKind data = {"(JSArrayBufferData)", "", 1000, static_cast<uint64_t>(kBuffers)};
  read::HeapGrowth heap = one_owner(kObjects, kBuffers);
  if (apart) {
    heap.holders = {container("bodies", kBuffers, data),
                    container("log", kObjects, {"Object", "", 1000, uint64_t{1000}})};
  }
  server.heap_growth = {heap};
  CHECK(accused(server.report()).size() == (apart ? 2 : 1));
}

TEST_CASE("a place that the heap accuses is one leak with Buffers that its owner keeps") {
  const bool one = GENERATE(true, false);
  Server server(9);
  const auto request =
      server.process.script_stack({{"check", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  const auto read = server.process.stack(
      {"node::NodeArrayBufferAllocator::Allocate(unsigned long)", "uv__read", "main"});
  for (int i = 0; i <= 8; ++i) {
    // Twelve samples in all: too few for a curve of their own.
    if (i % 2 == 0) server.process.allocate(request, 3, 3, 40'000);
    server.grow(80'000);
    server.process.allocate(read, 40, 40 * 65536);
    server.snapshot(i);
  }
  if (one) server.heap_growth = {one_owner(8 * 80'000, 8 * 40 * 65536.)};
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == (one ? 1 : 2));
  if (!one) return;
  CHECK(found[0]->site.function == "check");
  CHECK(found[0]->stacks.size() == 2);
}

}  // namespace
}  // namespace silt::report
