// SPDX-License-Identifier: Apache-2.0
//
// Whole reports of imagined processes whose sums grow while no place can be counted: what grows is
// told, once, and where one place accounts for it, under that place's name.

#include "symbolizer/report/findings/whole.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/render/reason_words.h"
#include "symbolizer/report/build.h"
#include "symbolizer/report/gate/policy_file.h"
#include "symbolizer/report/place.h"
#include "test/symbolizer/recording_builder.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::report {
namespace {

using test::frame;

constexpr uint64_t kMegabyte = 1'000'000;
constexpr uint64_t kSegment = 32 * kMegabyte;

const std::vector<symbolize::Frame> kPool = {
    frame("mmap", "", 0, "/x/libsilt.so"),       frame("segment_alloc", "pool.cpp", 17),
    frame("pool::alloc", "pool.cpp", 19),        frame("operator new", "pool.cpp", 22),
    frame("Graph::add_module", "graph.cpp", 40), frame("main", "main.cpp", 5)};

// A program whose allocator maps segments and hands them out evenly. `resident` is in megabytes.
template <typename Resident>
Report pool_report(const Resident& resident, uint64_t reserve = 0,
                   const std::vector<symbolize::Frame>& stack = kPool,
                   uint64_t segment = kSegment) {
  test::NamedHeap heap({stack});
  heap.recording().stacks[0].heap = read::Heap::kMapping;
  uint64_t mapped = 0;
  if (reserve > 0) {
    heap.allocate(1, reserve);
    mapped = reserve;
  }
  for (int i = 0; i < 10; ++i) {
    const auto bytes = static_cast<uint64_t>(resident(i) * 1e6);
    while (mapped < bytes) {
      heap.allocate(1, segment);
      mapped += segment;
    }
    heap.churn(1000);
    heap.snapshot(3);
    read::Snapshot& snapshot = heap.recording().snapshots.back();
    snapshot.meta.mapping.live_bytes = mapped;
    snapshot.rss = {{format::RssKind::kMapping, bytes}, {format::RssKind::kFile, 4 * kMegabyte}};
    snapshot.meta.rss_bytes = bytes + 4 * kMegabyte;
  }
  return heap.report();
}

size_t count(const Report& report, Verdict verdict) {
  return static_cast<size_t>(
      std::count_if(report.findings.begin(), report.findings.end(),
                    [verdict](const Finding& finding) { return finding.verdict == verdict; }));
}

TEST_CASE("a program's own allocator leaks under the name of who calls it") {
  const Report report = pool_report([](int i) { return 6 + 10 * i; });
  REQUIRE(count(report, Verdict::kLeak) == 1);
  CHECK(report.findings.front().site.function == "Graph::add_module");
  CHECK(render::reason_text(report.findings.front().why).find("an allocator inside 'app'") !=
        std::string::npos);
  CHECK(*report.findings.front().bytes_per_hour == Approx(10e6 / 3 * 3600).epsilon(0.01));
}

TEST_CASE("an interpreter's allocator is a finding of the whole that names the setting") {
  const Report report =
      pool_report([](int i) { return 6 + 10 * i; }, 0,
                  {frame("mmap", "", 0, "/x/libsilt.so"), frame("", "", 0, "/usr/bin/php8.2"),
                   frame("main", "", 0, "/usr/bin/php8.2")});
  REQUIRE(count(report, Verdict::kLeak) == 1);
  const Finding& finding = report.findings.front();
  CHECK(finding.whole == "mapping");
  CHECK(finding.leads.size() == 1);
  CHECK(render::reason_text(finding.why).find("USE_ZEND_ALLOC=0") != std::string::npos);
  CHECK(place_key(finding).find("whole:mapping") != std::string::npos);
}

TEST_CASE(
    "a function that needed an interpreter's next piece is a lead, and no finding of its own") {
  symbolize::Frame site = frame("Agent::record", "/srv/worker.php", 8);
  site.kind = symbolize::FrameKind::kPhp;
  const std::vector<symbolize::Frame> stack = {frame("mmap", "", 0, "/x/libsilt.so"),
                                               frame("", "", 0, "/usr/bin/php8.2"), site,
                                               frame("main", "", 0, "/usr/bin/php8.2")};
  const auto grows = [](int i) { return 6 + 10 * i; };
  const uint64_t chunk = uint64_t{2} << 20;
  const Report pieces = pool_report(grows, 0, stack, chunk);
  REQUIRE(count(pieces, Verdict::kLeak) + count(pieces, Verdict::kGrowing) == 1);
  CHECK(pieces.findings.front().whole == "mapping");
  CHECK(pieces.findings.front().leads.size() == 1);
  CHECK(render::reason_text(pieces.findings.front().why).find("USE_ZEND_ALLOC=0") !=
        std::string::npos);
  // Larger blocks are each somebody's.
  const Report blocks = pool_report(grows, 0, stack, 2 * chunk);
  REQUIRE(count(blocks, Verdict::kLeak) == 1);
  CHECK(blocks.findings.front().whole.empty());
  CHECK(blocks.findings.front().site.function == "Agent::record");
}

TEST_CASE("a pool that is full, or fills ever more slowly, is no leak") {
  CHECK(count(pool_report([](int i) { return i < 4 ? 10 + 15 * i : 55; }), Verdict::kLeak) == 0);
  CHECK(count(pool_report([](int i) { return 40 + 60 * std::log(1 + i); }), Verdict::kLeak) == 0);
}

TEST_CASE("memory that fills what was mapped before has an end, and is inconclusive") {
  Report report = pool_report([](int i) { return 7 + 9 * i; }, 256 * kMegabyte);
  CHECK(count(report, Verdict::kLeak) == 0);
  REQUIRE(count(report, Verdict::kGrowing) == 1);
  apply_policy(report, {}, {}, {}, "2026-01-01");
  REQUIRE(report.gate.rulings.size() == 1);
  CHECK(report.gate.rulings[0].outcome == Outcome::kInconclusive);
  CHECK(report.gate.rulings[0].fails);
  const auto pass = parse_policy("whole = pass\n");
  REQUIRE(pass);
  apply_policy(report, *pass, {}, {}, "2026-01-01");
  CHECK(report.gate.rulings[0].outcome == Outcome::kPassed);
  const auto fail = parse_policy("whole = fail\n");
  REQUIRE(fail);
  apply_policy(report, *fail, {}, {}, "2026-01-01");
  CHECK(report.gate.rulings[0].outcome == Outcome::kBroken);
}

TEST_CASE("a JavaScript heap that grows is told though no sample shows where") {
  test::RecordingBuilder process;
  process.values().program = "node";
  process.values().managed_heaps.resize(2);
  process.values().managed_heaps[1].thread_id = 1;
  for (int i = 0; i < 10; ++i) {
    for (auto& managed_heap : process.values().managed_heaps) {
      managed_heap.sampling_interval_bytes = 256 * 1024;
      managed_heap.heap_used_bytes = 5 * kMegabyte;
    }
    // Two windows in which the worker's heap stands still.
    const int grown = i < 4 ? i : i < 7 ? i - 1 : i - 2;
    process.values().managed_heaps[1].heap_used_bytes = 6 * kMegabyte + grown * 2 * kMegabyte;
    process.take_snapshot(3 * i);
  }
  const read::Recording recording = process.recording();
  symbolize::Symbolizer symbolizer(recording, {});
  const Report report = build_report(recording, names_of(symbolizer), {});
  REQUIRE(count(report, Verdict::kLeak) == 1);
  CHECK(report.findings.front().whole == "js");
  CHECK(render::reason_text(report.findings.front().why).find("worker 1") != std::string::npos);
}

// Forty of four hundred places keep one block more in each window, others each time: each is too
// little to be judged.
Report scattered_report(read::Heap heap_kind) {
  std::vector<std::vector<symbolize::Frame>> stacks;
  for (uint32_t i = 0; i < 400; ++i) {
    stacks.push_back({frame("work" + std::to_string(i), "app.cpp", i + 1), frame("main")});
  }
  test::NamedHeap heap(stacks);
  for (read::Stack& stack : heap.recording().stacks) stack.heap = heap_kind;
  for (size_t i = 0; i < 12; ++i) {
    for (size_t block = 0; block < 40; ++block) heap.allocate(1, 700, (i * 40 + block) % 400);
    heap.churn(1000);
    heap.snapshot(3);
    if (heap_kind != read::Heap::kObjects) continue;
    read::Snapshot& snapshot = heap.recording().snapshots.back();
    read::Snapshot::Runtime python;
    python.name = "python";
    python.flags = format::kRuntimeFrames | format::kRuntimeObjects;
    python.objects = std::exchange(snapshot.meta.native, {});
    snapshot.runtimes.push_back(python);
  }
  return heap.report();
}

TEST_CASE("growth that is spread over many places is told of native memory and Python's objects") {
  for (const auto& [heap, name] :
       {std::pair{read::Heap::kNative, "native"}, {read::Heap::kObjects, "python"}}) {
    const Report report = scattered_report(heap);
    REQUIRE(count(report, Verdict::kLeak) == 1);
    CHECK(report.findings.front().whole == name);
    CHECK(report.findings.front().heap == heap);
    CHECK(*report.findings.front().bytes_per_hour == Approx(40.0 * 700 / 3 * 3600).epsilon(0.05));
  }
}

}  // namespace
}  // namespace silt::report
