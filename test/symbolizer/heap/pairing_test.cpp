// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/pairing.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "symbolizer/heap/paths.h"
#include "symbolizer/heap/retained.h"
#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

using test::HeapWriter;

// Users of whom each has a list, and a Map of sessions. Numbered from another id on, objects have
// those of other ones.
HeapWriter server(uint32_t id, uint32_t users, uint32_t of_each, uint32_t sessions) {
  HeapWriter heap;
  const auto next = [&id] { return id += 2; };
  const uint32_t table = heap.node("object", "Map", next(), 32);
  const uint32_t entries = heap.node("array", "", next(), 100);
  heap.edge(HeapWriter::kGlobal, "property", "sessions", table);
  heap.edge(table, "internal", "table", entries);
  for (uint32_t i = 0; i < sessions; ++i) {
    const uint32_t session = heap.node("object", "Session", next(), 48);
    heap.edge(entries, "internal", std::to_string(i), session);
    heap.edge(session, "property", "text", heap.node("string", "text", next(), 24));
  }
  const uint32_t all = heap.node("object", "Array", next(), 16);
  heap.edge(HeapWriter::kGlobal, "property", "users", all);
  for (uint32_t i = 0; i < users; ++i) {
    const uint32_t user = heap.node("object", "User", next(), 40);
    heap.element(all, i, user);
    const uint32_t list = heap.node("object", "Array", next(), 16);
    heap.edge(user, "property", "events", list);
    for (uint32_t k = 0; k < of_each; ++k) {
      heap.element(list, k, heap.node("object", "Event", next(), 56));
    }
  }
  return heap;
}

struct Compared {
  Compared(const HeapWriter& a, const HeapWriter& b)
      : first(a.heap()), second(b.heap()), finder(first, second, words) {}

  Finding owner() {
    const auto details = finder.detail(1);
    Finding finding;
    PathText(second.graph, second.reach, words).describe(details.front().largest, finding);
    finding.owners = details.front().anchors.size();
    return finding;
  }

  Heap first, second;
  Words words;
  GrowthFinder finder;
};

TEST_CASE("a Map that took in more has grown by so many, whatever their numbers") {
  Compared compared(server(1000, 3, 2, 50), server(1002, 3, 2, 80));
  CHECK(compared.finder.growth().by_paths);
  REQUIRE(compared.finder.growth().groups.size() == 1);
  CHECK(compared.finder.growth().groups[0].objects == 60);
  CHECK(compared.finder.growth().groups[0].bytes == 30 * (48 + 24));
  const Finding owner = compared.owner();
  CHECK(owner.name == "global.sessions");
  CHECK(owner.what == "Map");
  const auto details = compared.finder.detail(1);
  CHECK(retained_by_others(compared.first, details[0].anchors, compared.finder.others(),
                           compared.words) == 32 + 100 + 50 * (48 + 24));
}

TEST_CASE("lists that each have more are one growth with many owners") {
  Compared compared(server(1000, 20, 2, 50), server(1002, 20, 9, 50));
  REQUIRE(compared.finder.growth().groups.size() == 1);
  CHECK(compared.finder.growth().groups[0].objects == 20 * 7);
  CHECK(compared.owner().owners == 20);
}

TEST_CASE("what has as many as before has not grown") {
  Compared compared(server(1000, 20, 2, 50), server(1002, 20, 2, 50));
  CHECK(compared.finder.growth().groups.empty());
  CHECK(compared.finder.growth().bytes == 0);
}

TEST_CASE("each object is paired once") {
  const Heap first = server(1000, 20, 9, 80).heap();
  const Heap second = server(1002, 25, 2, 90).heap();
  Words words;
  std::vector<NodeIndex> others = pair_by_paths(first, second, words);
  CHECK(others[kRoot] == kRoot);
  others.erase(std::remove(others.begin(), others.end(), kNone), others.end());
  std::sort(others.begin(), others.end());
  CHECK(std::adjacent_find(others.begin(), others.end()) == others.end());
  CHECK(others.back() < first.graph.node_count());
}

}  // namespace
}  // namespace silt::heap
