// SPDX-License-Identifier: Apache-2.0
//
// Who keeps node's timers: their ring, not a variable that has one of them too.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "symbolizer/heap/growth.h"
#include "symbolizer/heap/paths.h"
#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

using test::HeapWriter;

// A ring of timers, each with a closure and what that holds; a table of jobs has those of some in
// the middle of it, to clear them.
struct Ring {
  explicit Ring(uint32_t count, const std::string& label = "_idleNext") {
    const uint32_t map = heap.node("object", "Object", 101, 32);
    const uint32_t list = heap.node("object", "TimersList", 103, 48);
    const uint32_t jobs = heap.node("object", "Array", 105, 16);
    heap.edge(HeapWriter::kGlobal, "property", "timerListMap", map);
    heap.edge(HeapWriter::kGlobal, "property", "jobs", jobs);
    heap.element(map, 4000, list);
    for (uint32_t i = 0; i < count; ++i) {
      timers.push_back(heap.node("object", "Timeout", 1001 + i * 8, 80));
      const uint32_t closure = heap.node("closure", "poll", 1003 + i * 8, 64);
      heap.edge(timers[i], "property", "_onTimeout", closure);
      heap.edge(closure, "property", "order", heap.node("object", "Order", 1005 + i * 8, 56));
    }
    // From the head the newest comes first.
    for (uint32_t i = count; i > 0; --i) {
      const uint32_t after = i == count ? list : timers[i];
      heap.edge(after, "property", label, timers[i - 1]);
      heap.edge(timers[i - 1], "property", "_idlePrev", after);
    }
    heap.edge(timers[0], "property", label, list);
    heap.edge(list, "property", "_idlePrev", timers[0]);
    for (uint32_t i = 1; i < count; i += 3) {
      const uint32_t job = heap.node("object", "Job", 1007 + i * 8, 24);
      heap.element(jobs, i, job);
      heap.edge(job, "property", "poll", timers[i]);
    }
  }
  HeapWriter heap;
  std::vector<uint32_t> timers;
};

TEST_CASE("timers that run are kept by their ring, whoever has one of them too") {
  const Heap first = Ring(10).heap.heap();
  const Heap second = Ring(40).heap.heap();
  Words words;
  GrowthFinder finder(first, second, words);
  REQUIRE(finder.growth().groups.size() == 2);  // the ring, and the table of jobs
  CHECK(finder.growth().groups[0].bytes == 30 * 200);
  CHECK(finder.growth().groups[1].bytes == 10 * 24);
  const std::vector<GroupDetail> details = finder.detail(1);
  CHECK(details[0].anchors.size() == 1);
  Finding finding;
  PathText(second.graph, second.reach, words).describe(details[0].largest, finding);
  CHECK(finding.name.starts_with("global.timerListMap"));
}

TEST_CASE("a timer that does not run is kept by who has it, and so is another class's") {
  Ring ring(4);
  const uint32_t job = ring.heap.node("object", "Job", 3, 24);
  const uint32_t cleared = ring.heap.node("object", "Timeout", 5, 80);
  const uint32_t nothing = ring.heap.node("object", "Null", 7, 0);
  ring.heap.edge(HeapWriter::kGlobal, "property", "job", job);
  ring.heap.edge(job, "property", "poll", cleared);
  ring.heap.edge(cleared, "property", "_idleNext", nothing);
  CHECK(ring.heap.heap().reach.parent[cleared] == job);

  const Ring other(40, "next");
  const Heap heap = other.heap.heap();
  CHECK(heap.graph.name_of(heap.reach.parent[other.timers[1]]) == "Job");
}

}  // namespace
}  // namespace silt::heap
