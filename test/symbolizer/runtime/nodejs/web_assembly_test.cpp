// SPDX-License-Identifier: Apache-2.0
//
// What V8 has resident outside its heaps, over whole reports: memories of WebAssembly modules leak,
// pages that V8 keeps do not. Recordings of earlier versions do not tell the two apart.

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {
namespace {

constexpr uint64_t kMegabyte = 1'000'000;

struct Grows {
  uint64_t outside = 0;                       // a snapshot, of V8's mappings
  std::optional<uint64_t> web_assembly = {};  // of it; none: not told
  uint64_t external = 0;                      // as V8 counts
};

Report report_of(const Grows& grows) {
  Server server(1);
  auto& values = server.process.values();
  for (uint64_t i = 0; i < 10; ++i) {
    values.managed_heaps[0].heap_used_bytes = 6 * kMegabyte;
    values.managed_heaps[0].heap_physical_bytes = 9 * kMegabyte;
    values.managed_heaps[0].external_bytes = 2 * kMegabyte + i * grows.external;
    values.managed_heaps[0].captured_elapsed_ns = (i + 1) * 12'000'000'000;
    values.rss = {{format::RssKind::kManagedHeap, 11 * kMegabyte + i * grows.outside},
                  {format::RssKind::kFile, 40 * kMegabyte}};
    if (grows.web_assembly) {
      values.rss.push_back({format::RssKind::kWebAssembly, kMegabyte + i * *grows.web_assembly});
    }
    server.process.take_snapshot(12, 51 * kMegabyte + i * grows.outside);
  }
  return server.report();
}

}  // namespace

TEST_CASE("a memory of a WebAssembly module that fills is a leak, whatever V8 counts") {
  const auto found = report_of({2 * kMegabyte, 2 * kMegabyte});
  REQUIRE(accused(found).size() == 1);
  CHECK(render::reason_text(accused(found)[0]->why).starts_with("memory of WebAssembly modules"));
}

TEST_CASE("what V8 keeps outside its heaps is no memory of a WebAssembly module") {
  CHECK(accused(report_of({2 * kMegabyte, 0})).empty());
  CHECK(accused(report_of({2 * kMegabyte, 0, 2 * kMegabyte})).empty());
}

TEST_CASE("where they are not told apart, V8's count of external memory must agree") {
  CHECK(accused(report_of({2 * kMegabyte, {}, 2 * kMegabyte})).size() == 1);
  CHECK(accused(report_of({2 * kMegabyte, {}, 0})).empty());
}

}  // namespace silt::report
