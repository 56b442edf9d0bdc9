// SPDX-License-Identifier: Apache-2.0
//
// The small file about heaps: what is written is read, and nothing else is believed.

#include "symbolizer/read/heap_growth.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/temporary_folder.h"

namespace silt::read {
namespace {

HeapGrowth grown() {
  HeapGrowth heap;
  heap.thread = 3;
  heap.first = {2, 4'000'000, 40'000};
  heap.last = {9, 8'000'000, 90'000};
  heap.bytes = 4'000'000;
  heap.objects = 50'000;
  heap.least_bytes = 16'000;
  heap.more_bytes = 20'000;
  HeapHolder holder;
  holder.name = "cache\"\\\n\x01 of \xc3\xa9";
  holder.what = "Map";
  holder.place = "/srv/app.js";
  holder.bytes = 3'900'000;
  holder.objects = 49'000;
  holder.alike = 2;
  holder.retained_first = 1;
  holder.retained_last = 3'900'001;
  holder.inside = {"table"};
  holder.entries = {{"Session", "/srv/app.js:12", 24'500, 1'000'000}};
  holder.kinds = {{"Session", "/srv/app.js:12", 24'500, 1'000'000}, {"(string)", "", 24'500, 5}};
  holder.path = {{"", "onEvent()", "/srv/app.js:17", 1}, {"next", "Node", "", 1000}};
  heap.holders = {holder};
  return heap;
}

std::string why_refused(const std::string& text) {
  const auto heaps = parse_heap_growth(MemorySource(text));
  return heaps ? "" : heaps.error().message;
}

TEST_CASE("what grew in heaps is read as it was written") {
  HeapGrowth none;
  none.why_not = "there was no time left for it";
  const std::string text = heap_growth_text({grown(), none});
  const auto heaps = parse_heap_growth(MemorySource(text));
  REQUIRE(heaps);
  REQUIRE(heaps->size() == 2);
  const HeapGrowth& heap = (*heaps)[0];
  CHECK(heap.thread == 3);
  CHECK(heap.why_not.empty());
  CHECK(heap.first.snapshot == 2);
  CHECK(heap.last.objects == 90'000);
  CHECK(heap.more_bytes == 20'000);
  REQUIRE(heap.holders.size() == 1);
  const HeapHolder expected = grown().holders[0];
  const HeapHolder& holder = heap.holders[0];
  CHECK(holder.name == expected.name);
  CHECK(holder.what == "Map");
  CHECK(holder.alike == 2);
  CHECK(holder.retained_last == 3'900'001);
  CHECK(holder.inside == expected.inside);
  REQUIRE(holder.kinds.size() == 2);
  CHECK(holder.kinds[0].place == "/srv/app.js:12");
  REQUIRE(holder.path.size() == 2);
  CHECK(holder.path[1].repeats == 1000);
  CHECK((*heaps)[1].why_not == none.why_not);
  // Once more is the same.
  CHECK(heap_growth_text(*heaps) == text);
}

TEST_CASE("a name that is too long is cut between characters") {
  HeapGrowth heap = grown();
  heap.holders[0].name = "x";
  while (heap.holders[0].name.size() < 5000) heap.holders[0].name += "é";
  const auto heaps = parse_heap_growth(MemorySource(heap_growth_text({heap})));
  REQUIRE(heaps);
  const std::string& name = (*heaps)[0].holders[0].name;
  CHECK(name.size() == 1023);
  CHECK(name.ends_with("é"));
}

TEST_CASE("what later versions add is left out") {
  const auto heaps = parse_heap_growth(
      MemorySource("{\"new\":[{\"x\":-1.5}],\"schema\":\"silt.heap-growth/1\",\"heaps\":"
                   "[{\"thread\":1,\"new\":null}]}"));
  REQUIRE(heaps);
  CHECK(heaps->at(0).thread == 1);
}

TEST_CASE("a file about heaps that cannot be is refused in one line") {
  CHECK_FALSE(why_refused("").empty());
  CHECK_FALSE(why_refused("{}").empty());
  CHECK(why_refused("{\"schema\":\"silt.heap-growth/2\",\"heaps\":[]}").find("its schema is not") !=
        std::string::npos);
  const std::string text = heap_growth_text({grown()});
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    CHECK_FALSE(why_refused(text.substr(0, size)).empty());
  }
  CHECK_FALSE(why_refused(text + "x").empty());
  for (const char* number : {"-1", "1e3", "18446744073709551616", "5000000000000", "\"1\"", "{}"}) {
    CHECK_FALSE(why_refused("{\"schema\":\"silt.heap-growth/1\",\"heaps\":[{\"bytes\":" +
                            std::string(number) + "}]}")
                    .empty());
  }
  std::string many = "{\"schema\":\"silt.heap-growth/1\",\"heaps\":[{\"holders\":[{}";
  for (int i = 0; i < 2000; ++i) many += ",{}";
  CHECK(why_refused(many + "]}]}").find("too long") != std::string::npos);
}

TEST_CASE("a recording without the file, or with a link in its place, has none") {
  const test::TemporaryFolder folder;
  auto heaps = read_heap_growth(folder.path());
  REQUIRE(heaps);
  CHECK(heaps->empty());
  const auto other = folder.write("other", heap_growth_text({grown()}));
  std::filesystem::create_symlink(other, folder.path() / kHeapGrowthName);
  heaps = read_heap_growth(folder.path());
  REQUIRE(heaps);
  CHECK(heaps->empty());
  std::filesystem::remove(folder.path() / kHeapGrowthName);
  folder.write(kHeapGrowthName, heap_growth_text({grown()}));
  heaps = read_heap_growth(folder.path());
  REQUIRE(heaps);
  CHECK(heaps->size() == 1);
}

}  // namespace
}  // namespace silt::read
