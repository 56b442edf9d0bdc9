// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined Node.js processes of which a copy has listed the heap twice.

#include "symbolizer/runtime/nodejs/keepers.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {
namespace {

TEST_CASE("few samples are no second leak where a count says that one owner keeps nearly all") {
  const auto holder = [](const char* name, uint64_t bytes) {
    read::HeapHolder made;
    made.name = name;
    made.bytes = bytes;
    made.objects = bytes / 100;
    return made;
  };
  // What the second owner has, in bytes; 0: nobody looked.
  const uint64_t second = GENERATE(0, 240'000, 900'000);
  CAPTURE(second);
  Server server(2);
  const auto cache =
      server.process.script_stack({{"remember", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  const auto other =
      server.process.script_stack({{"identify", "file:///srv/app.js", 80, 3}, kMain, kTimers});
  for (int i = 0; i <= 9; ++i) {
    server.objects(cache, 5'000, 120);
    server.objects(other, 400, 120);
    server.snapshot(i * 15);
  }
  if (second > 0) {
    read::HeapGrowth heap;
    heap.last.snapshot = 9;
    heap.holders = {holder("cache", 5'400'000), holder("ids", second)};
    server.heap_growth = {heap};
  }
  const Report report = server.report();
  const auto found = accused(report);
  CHECK(found.size() == (second == 240'000 ? 1 : 2));
  CHECK(found[0]->site.function == "remember");
  for (const Finding& finding : report.findings) {
    if (finding.site.function != "identify" || finding.verdict == Verdict::kLeak) continue;
    CHECK(render::reason_text(finding.why).find("is kept by `cache`") != std::string::npos);
  }
}

TEST_CASE("a heap of which much less can be reached than it grew by is no leak yet") {
  const uint64_t listed = GENERATE(0, 300'000, 2'000'000);  // 0: nobody looked
  const bool sampled = GENERATE(true, false);
  CAPTURE(listed, sampled);
  Server server(4);
  const auto compile =
      server.process.script_stack({{"compile", "file:///srv/app.js", 31, 3}, kMain, kTimers});
  for (int i = 0; i <= 9; ++i) {
    // Too few samples for a curve of the place, enough for its share; or none at all.
    server.objects(compile, sampled ? 500 : 0, 120);
    if (i > 0) server.grow(200'000);
    server.snapshot(i * 15);
  }
  if (listed > 0) {
    read::HeapGrowth heap;
    heap.last.snapshot = 9;
    heap.bytes = listed;
    server.heap_growth = {heap};
  }
  const Report report = server.report();
  CHECK(accused(report).size() == (listed == 300'000 ? 0 : 1));
  if (listed == 300'000) {
    REQUIRE_FALSE(report.findings.empty());
    CHECK(report.findings[0].verdict == Verdict::kGrowing);
    CHECK(render::reason_text(report.findings[0].why).find("there is only 300 kB more") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace silt::report
