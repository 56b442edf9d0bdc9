// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/runtime/python/recycled.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::Report;
using report::Verdict;

// Blocks of one size that gather at one place, so many in each window.
Report gathered(size_t size, size_t each, const char* type = nullptr) {
  NamedHeap heap({{kMalloc, frame("column", "app.py", 25), kMain}});
  heap.allocate(2000, size);
  for (int i = 0; i < 10; ++i) {
    heap.allocate(each, size);
    heap.snapshot();
  }
  heap.recording().stacks[0].heap = read::Heap::kObjects;
  if (type != nullptr) {
    read::Owners owners;
    owners.labels = {"", type};
    owners.types = {{number_of(heap.recording().stacks[0].id), 1, false, 2000, 2000 * size}};
    heap.recording().owners = owners;
  }
  return heap.report();
}

TEST_CASE("fewer lists than Python keeps for reuse are no leak, more are") {
  CHECK(leaks(gathered(56, 3)) == 0);
  CHECK(leaks(gathered(56, 20)) == 1);
  const Report doubted = gathered(56, 8);  // 72 after the first: enough to be told
  REQUIRE(doubted.findings.size() == 1);
  CHECK(doubted.findings[0].verdict == Verdict::kGrowing);
  CHECK_THAT(render::reason_text(doubted.findings[0].why),
             Catch::Contains("Python keeps up to 80 such objects"));
}

TEST_CASE("what Python does not keep for reuse is a leak however few") {
  CHECK(leaks(gathered(120, 3)) == 1);
  CHECK(leaks(gathered(56, 3, "app.Session")) == 1);
  CHECK(leaks(gathered(120, 3, "tuple")) == 0);
}

}  // namespace
}  // namespace silt::test
