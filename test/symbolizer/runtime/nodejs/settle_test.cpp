// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined Node.js processes: what leaks is named as its developers would, and
// what only looks like it is not accused.

#include "symbolizer/runtime/nodejs/settle.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/report/build.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::report {
namespace {

using test::RecordingBuilder;

constexpr double kInterval = 32768;
const read::ScriptFrame kMain{"onRequest", "file:///srv/app.js", 3, 1};
const read::ScriptFrame kTimers{"listOnTimeout", "node:internal/timers", 524, 1};

// An imagined server: objects live in JavaScript heaps, of which V8 samples some.
class Server {
 public:
  explicit Server(unsigned seed) : random_(seed) {
    process.values().program = "node";
    process.values().managed_heaps.resize(1);
    process.values().managed_heaps[0].sampling_interval_bytes = static_cast<uint64_t>(kInterval);
  }

  // Objects on the heap; samples of them as V8's profiler takes them.
  void objects(RecordingBuilder::ScriptStack stack, double count, double size) {
    used_ += count * size;
    const double chance = 1 - std::exp(-size / kInterval);
    const uint64_t samples = sampled(count * chance);
    if (samples == 0) return;
    const auto stands_for = static_cast<uint64_t>(static_cast<double>(samples) / chance);
    process.allocate(stack, samples, stands_for,
                     static_cast<uint64_t>(static_cast<double>(stands_for) * size));
  }
  void collect(RecordingBuilder::ScriptStack stack, double count, double size) {
    used_ -= count * size;
    const double chance = 1 - std::exp(-size / kInterval);
    process.free_oldest(stack, sampled(count * chance));
  }
  void snapshot(double seconds) {
    process.values().managed_heaps[0].heap_used_bytes = static_cast<uint64_t>(5e6 + used_);
    process.values().managed_heaps[0].heap_total_bytes = static_cast<uint64_t>(8e6 + used_);
    process.take_snapshot(seconds);
  }
  Report report() {
    recording_ = process.recording();
    symbolize::Symbolizer symbolizer(recording_, {});
    return build_report(recording_, names_of(symbolizer), {});
  }

  RecordingBuilder process;

 private:
  uint64_t sampled(double mean) {  // the distribution has no mean of zero
    return mean > 0 ? std::poisson_distribution<uint64_t>(mean)(random_) : 0;
  }

  std::mt19937 random_;
  double used_ = 0;
  read::Recording recording_;
};

std::vector<const Finding*> accused(const Report& report) {
  std::vector<const Finding*> found;
  for (const Finding& finding : report.findings) {
    if (finding.verdict == Verdict::kLeak) found.push_back(&finding);
  }
  return found;
}

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

TEST_CASE("a function that vanishes into its caller is still the one that is named") {
  Server server(4);
  const auto slow =
      server.process.script_stack({{"getProfile", "/srv/app.js", 31, 3}, kMain, kTimers});
  const auto inlined = server.process.script_stack({kMain, kTimers});
  for (int i = 0; i <= 10; ++i) {
    server.objects(i < 4 ? slow : inlined, 10'000, 120);
    server.snapshot(i);
  }
  const Report report = server.report();
  const auto found = accused(report);
  REQUIRE(found.size() == 1);
  CHECK(found[0]->site.function == "getProfile");
  CHECK_THAT(render::reason_text(found[0]->why), Catch::Contains("part of 'onRequest' (app.js:3)"));
}

TEST_CASE("a full cache whose function vanishes into its caller is not accused") {
  size_t wrong = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Server server(seed);
    const auto before =
        server.process.script_stack({{"remember", "/srv/app.js", 31, 3}, kMain, kTimers});
    const auto after = server.process.script_stack({kMain, kTimers});
    server.objects(before, 100'000, 100);
    for (int i = 0; i <= 10; ++i) {
      server.snapshot(i);
      server.objects(i < 3 ? before : after, 8'000, 100);
      server.collect(before, 8'000, 100);
    }
    wrong += accused(server.report()).size();
  }
  CHECK(wrong == 0);
}

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
