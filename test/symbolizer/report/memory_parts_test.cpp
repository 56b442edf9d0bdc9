// SPDX-License-Identifier: Apache-2.0
//
// Resident memory as a sum, and what is said of an allocator that holds freed memory.

#include "symbolizer/report/memory_parts.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/report/findings/retention.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::report {
namespace {

using format::RssKind;
using test::RecordingBuilder;

constexpr uint64_t kMegabyte = 1'000'000;

read::Snapshot some_snapshot() {
  read::Snapshot snapshot;
  snapshot.meta.native.live_bytes = 60 * kMegabyte;
  snapshot.meta.native.live_blocks = 1000;
  snapshot.rss = {{RssKind::kFile, 38 * kMegabyte},       {RssKind::kManagedHeap, 120 * kMegabyte},
                  {RssKind::kAllocator, 100 * kMegabyte}, {RssKind::kStack, 2 * kMegabyte},
                  {RssKind::kSilt, 4 * kMegabyte},        {RssKind::kMapping, 5 * kMegabyte}};
  snapshot.managed_heaps.resize(2);
  snapshot.managed_heaps[0].heap_used_bytes = 90 * kMegabyte;
  snapshot.managed_heaps[1].heap_used_bytes = 7 * kMegabyte;
  for (const auto& rss : snapshot.rss) snapshot.meta.rss_bytes += rss.bytes;
  return snapshot;
}

TEST_CASE("the parts of RSS add up to it") {
  const read::Snapshot snapshot = some_snapshot();
  const auto parts = memory_parts(snapshot);
  REQUIRE(parts);
  CHECK(parts->sum() == snapshot.meta.rss_bytes);
  CHECK(parts->files == 38 * kMegabyte);
  CHECK(parts->js_heap == 120 * kMegabyte);
  CHECK(parts->js_used == 97 * kMegabyte);
  CHECK(parts->js_free() == 23 * kMegabyte);
  CHECK(parts->native_live == 60 * kMegabyte + 16 * 1000);
  CHECK(parts->held == 40 * kMegabyte - 16 * 1000);
}

TEST_CASE("objects lie in their runtime's arenas first, and native blocks beside them") {
  read::Snapshot snapshot;
  snapshot.rss = {{RssKind::kAllocator, 6 * kMegabyte}, {RssKind::kMapping, 13 * kMegabyte}};
  snapshot.meta.native.live_bytes = 2 * kMegabyte;
  snapshot.runtimes.resize(1);
  snapshot.runtimes[0].objects.live_bytes = 15 * kMegabyte;
  snapshot.runtimes[0].arena_bytes = 12 * kMegabyte;
  const auto parts = memory_parts(snapshot);
  REQUIRE(parts);
  CHECK(parts->objects == 15 * kMegabyte);
  CHECK(parts->mappings == kMegabyte);  // the program's own
  CHECK(parts->native_live == 2 * kMegabyte);
  CHECK(parts->held == kMegabyte);
  CHECK(parts->sum() == 19 * kMegabyte);
}

TEST_CASE("live blocks that were never touched are not resident") {
  read::Snapshot snapshot = some_snapshot();
  snapshot.meta.native.live_bytes = 500 * kMegabyte;
  const auto parts = memory_parts(snapshot);
  REQUIRE(parts);
  CHECK(parts->native_live == 100 * kMegabyte);
  CHECK(parts->held == 0);
  CHECK(parts->sum() == snapshot.meta.rss_bytes);
}

TEST_CASE("where V8's mappings were not looked for, V8 says how much it has") {
  read::Snapshot snapshot = some_snapshot();
  snapshot.rss.erase(snapshot.rss.begin() + 1);
  snapshot.rss.push_back({RssKind::kUnknown, 30 * kMegabyte});
  snapshot.meta.rss_bytes = 179 * kMegabyte;
  snapshot.managed_heaps[0].heap_physical_bytes = 55 * kMegabyte;
  const auto parts = memory_parts(snapshot);
  REQUIRE(parts);
  CHECK(parts->js_heap == 55 * kMegabyte);
  CHECK(parts->unknown == 0);
  CHECK(parts->sum() == 179 * kMegabyte);
}

TEST_CASE("a snapshot without parts has none") {
  CHECK_FALSE(memory_parts(read::Snapshot()).has_value());
}

std::optional<Finding> retained(uint64_t allocator_bytes) {
  RecordingBuilder process;
  process.allocate(process.stack({"work", "main"}), 100, 2'700'000);
  process.values().rss = {{RssKind::kFile, 10 * kMegabyte},
                          {RssKind::kAllocator, allocator_bytes / 2}};
  process.take_snapshot(0, 10 * kMegabyte + allocator_bytes / 2);
  process.values().rss[1].bytes = allocator_bytes;
  process.take_snapshot(10, 10 * kMegabyte + allocator_bytes);
  return retention_finding(process.recording(), 2);
}

TEST_CASE("an allocator that holds much freed memory is a finding, and no leak") {
  const auto finding = retained(478 * kMegabyte);
  REQUIRE(finding);
  CHECK(finding->verdict == Verdict::kRetained);
  CHECK(render::headline_text(*finding) ==
        "not a leak: the allocator holds 475 MB of freed memory");
  CHECK_THAT(render::reason_text(finding->why), Catch::Contains("libc.so.6 has 478 MB resident"));
  CHECK_THAT(render::reason_text(finding->why), Catch::Contains("malloc_trim(0)"));
  CHECK(finding->growth_bytes == 239'000'000);
  CHECK(finding->stacks.empty());
}

TEST_CASE("what every allocator holds is not worth a word") {
  CHECK_FALSE(retained(12 * kMegabyte).has_value());
}

}  // namespace
}  // namespace silt::report
