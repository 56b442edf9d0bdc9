// SPDX-License-Identifier: Apache-2.0
//
// Pages that GLib's slice allocator asks malloc for: whose turn it was is chance, and the report
// says so.

#include "symbolizer/report/findings/pieces.h"

#include <catch2/catch.hpp>
#include <string>

#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::Report;
using symbolize::Frame;

const Frame kPage = frame("", "", 0, "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0");
const Frame kSlice = frame("g_slice_alloc", "", 0, "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0");
const Frame kCopies = frame("reply", "authority.c", 11);
const Frame kBuilds = frame("reply", "authority.c", 10);

// Each request leaves one block of its own; pages come in bursts, as many things as fit.
Report requests_report(const Frame& asks_for_pages, bool cut_up) {
  NamedHeap heap({{kMalloc, kCopies, kMain},
                  {kMalloc, kPage, kSlice, asks_for_pages, kMain},
                  {kMalloc, asks_for_pages, kMain}});
  for (size_t i = 0; i < 10; ++i) {
    const size_t requests = 60 + heap.chance(30);
    heap.allocate(requests, 155, 0);
    heap.allocate(i % 3 == 2 ? 1 : 6, 500, cut_up ? 1 : 2);
    heap.snapshot();
  }
  return heap.report();
}

std::string reason(const Report& report, size_t finding) {
  return render::reason_text(report.findings[finding].why);
}

TEST_CASE("pieces beside another leak of the same function are no second one") {
  const Report report = requests_report(kBuilds, true);
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.line == 11);
  CHECK(report.findings[0].stacks.size() == 2);
  CHECK(reason(report, 0).find("of it are pieces that GLib's slice allocator hands out") !=
        std::string::npos);
  CHECK(reason(report, 0).find("G_SLICE=always-malloc in the environment") != std::string::npos);
  // Blocks that are the function's own are.
  CHECK(leaks(requests_report(kBuilds, false)) == 2);
}

TEST_CASE("pieces that another function asked for stay a finding that says what they are") {
  const Report report = requests_report(frame("churn", "authority.c", 24), true);
  REQUIRE(leaks(report) == 2);
  CHECK(reason(report, 0).find("slice") == std::string::npos);
  CHECK(reason(report, 1).find("the pieces are handed out by GLib's slice allocator, so which "
                               "caller needs the next one is chance") != std::string::npos);
}

}  // namespace
}  // namespace silt::test
