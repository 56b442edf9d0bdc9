// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/growth.h"

#include <catch2/catch.hpp>
#include <string>

#include "symbolizer/heap/heap_report.h"
#include "symbolizer/heap/paths.h"
#include "symbolizer/heap/retained.h"
#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

using test::HeapWriter;

// A module's scope with a Map `cache`, whose entries have the given ids.
HeapWriter cache_of(uint32_t first_id, uint32_t count, uint32_t table_id) {
  HeapWriter heap;
  const uint32_t closure = heap.node("closure", "onEvent", 101, 64);
  const uint32_t shared = heap.node("code", "onEvent", 103, 56);
  const uint32_t script = heap.node("code", "/srv/app.js", 105, 100);
  const uint32_t context = heap.node("object", "system / Context", 107, 56);
  const uint32_t map = heap.node("object", "Map", 109, 32);
  const uint32_t table = heap.node("array", "", table_id, 100);
  heap.edge(HeapWriter::kGlobal, "property", "handler", closure);
  heap.edge(closure, "internal", "shared", shared);
  heap.edge(shared, "internal", "script", script);
  heap.edge(closure, "internal", "context", context);
  heap.edge(context, "context", "cache", map);
  heap.edge(map, "internal", "table", table);
  heap.location(closure, 9, 16);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t session = heap.node("object", "Session", first_id + i * 4, 48);
    const uint32_t data = heap.node("object", "Array", first_id + i * 4 + 2, 16);
    heap.edge(table, "internal", std::to_string(i), session);
    heap.edge(session, "property", "data", data);
  }
  return heap;
}

struct Compared {
  Compared(const HeapWriter& a, const HeapWriter& b)
      : first(a.heap()), second(b.heap()), finder(first, second, words) {}

  const Growth& growth() const { return finder.growth(); }
  Finding described(const GroupDetail& detail) {
    Finding finding;
    PathText(second.graph, second.reach, words).describe(detail.largest, finding);
    return finding;
  }

  Heap first, second;
  Words words;
  GrowthFinder finder;
};

TEST_CASE("what a Map took in is one growth, kept by the variable that holds the Map") {
  Compared compared(cache_of(1001, 10, 111), cache_of(1001, 30, 111));
  REQUIRE(compared.growth().groups.size() == 1);
  CHECK(compared.growth().bytes == 20 * 64);
  CHECK(compared.growth().groups[0].objects == 40);
  const auto details = compared.finder.detail(1);
  const Finding finding = compared.described(details[0]);
  CHECK(finding.name == "cache");
  CHECK(finding.what == "Map");
  CHECK(finding.place == "/srv/app.js");
  REQUIRE(finding.path.size() == 4);
  CHECK(finding.path[1].place == "/srv/app.js:17");
  REQUIRE(details[0].entries.size() == 1);
  CHECK(compared.words[details[0].entries.begin()->first] == "Session");
  CHECK(details[0].entries.begin()->second.objects == 20);
  CHECK(details[0].kinds.size() == 2);
}

TEST_CASE("a Map that grows into a new table keeps its owner") {
  Compared compared(cache_of(1001, 10, 111), cache_of(1001, 30, 113));
  REQUIRE(compared.growth().groups.size() == 1);
  CHECK(compared.growth().groups[0].bytes == 20 * 64);
  const auto details = compared.finder.detail(1);
  CHECK(compared.described(details[0]).name == "cache");
  const NodesById nodes(compared.first.graph);
  CHECK(retained_by(compared.first, details[0].anchors, nodes, compared.words) ==
        32 + 100 + 10 * 64);
}

TEST_CASE("a cache that is full has not grown, though all its entries are new") {
  Compared compared(cache_of(1001, 10, 111), cache_of(2001, 10, 113));
  CHECK(compared.growth().groups.empty());
  CHECK(compared.growth().bytes == 0);
}

TEST_CASE("a list that is made anew each time belongs to its variable") {
  const auto heap_of = [](uint32_t list_id, uint32_t count) {
    HeapWriter heap;
    const uint32_t state = heap.node("object", "State", 101, 20);
    const uint32_t list = heap.node("object", "Array", list_id, 16);
    heap.edge(HeapWriter::kGlobal, "property", "state", state);
    heap.edge(state, "property", "list", list);
    for (uint32_t i = 0; i < count; ++i) {
      heap.element(list, i, heap.node("object", "Item", 1001 + i * 2, 50));
    }
    return heap;
  };
  Compared compared(heap_of(201, 5), heap_of(203, 9));
  REQUIRE(compared.growth().groups.size() == 1);
  CHECK(compared.growth().groups[0].bytes == 4 * 50);
  const auto details = compared.finder.detail(1);
  CHECK(compared.described(details[0]).name == "global.state.list");
  const NodesById nodes(compared.first.graph);
  CHECK(retained_by(compared.first, details[0].anchors, nodes, compared.words) == 16 + 5 * 50);
}

// A server whose routes are set up (or not yet), the last of them with a store of sessions.
HeapWriter routes(bool set_up, uint32_t sessions, bool linked) {
  HeapWriter heap;
  const uint32_t app = heap.node("object", "App", 101, 40);
  const uint32_t stack = heap.node("object", "Array", 103, 16);
  heap.edge(HeapWriter::kGlobal, "property", "app", app);
  heap.edge(app, "property", "stack", stack);
  for (uint32_t i = 0; set_up && i < 4; ++i) {
    const uint32_t layer = heap.node("object", "Layer", 201 + 2 * i, 40);
    heap.element(stack, i, layer);
    if (i != 3) continue;
    const uint32_t store = heap.node("object", "MemoryStore", 301, 24);
    const uint32_t table = heap.node("object", "Object", 303, 32);
    heap.edge(layer, "property", "store", store);
    heap.edge(store, "property", "sessions", table);
    uint32_t holder = table;
    for (uint32_t k = 0; k < sessions; ++k) {
      const uint32_t session = heap.node("object", "Session", 1001 + 2 * k, 60);
      heap.edge(holder, "property", linked ? "next" : "s" + std::to_string(k), session);
      if (linked) holder = session;
    }
  }
  return heap;
}

TEST_CASE("the owner is the new table that all of it is in, not the old list on the way to it") {
  Compared compared(routes(false, 0, false), routes(true, 100, false));
  const auto details = compared.finder.detail(1);
  const Finding finding = compared.described(details[0]);
  CHECK(finding.name == "…app.stack[].store.sessions");
  CHECK(finding.what == "Object");
  CHECK(compared.growth().groups[0].objects == 101);
  CHECK(compared.growth().bytes == 4 * 40 + 24 + 32 + 100 * 60);
  REQUIRE(details[0].entries.size() == 1);
  CHECK(details[0].entries.begin()->second.objects == 100);
  // What came besides stays with the list.
  REQUIRE(compared.growth().groups.size() == 2);
  CHECK(compared.growth().groups[1].bytes == 4 * 40 + 24);
}

TEST_CASE("a list's nodes, and a few things, are no table") {
  const auto [sessions, linked] = GENERATE(table<uint32_t, bool>({{100, true}, {5, false}}));
  Compared compared(routes(false, 0, false), routes(true, sessions, linked));
  CHECK(compared.growth().groups.size() == 1);
  CHECK(compared.described(compared.finder.detail(1)[0]).name == "global.app.stack");
}

// A promise that is never settled, and so many that wait for it, each with an answer.
HeapWriter waited_for(uint32_t count) {
  HeapWriter heap;
  const uint32_t promise = heap.node("object", "Promise", 101, 32);
  heap.edge(HeapWriter::kGlobal, "property", "shutdown", promise);
  uint32_t before = promise;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t reaction = heap.node("hidden", "system / PromiseReaction", 1001 + i * 4, 32);
    const uint32_t answer = heap.node("object", "Answer", 1003 + i * 4, 100);
    if (before == promise) {
      heap.edge(promise, "internal", "reactions_or_result", reaction);
    } else {
      heap.edge(before, "hidden", "1", reaction);
    }
    heap.edge(reaction, "hidden", "3", answer);
    before = reaction;
  }
  return heap;
}

TEST_CASE("what waits for a promise that is never settled is kept by the promise") {
  Compared compared(waited_for(10), waited_for(30));
  const Growth& growth = compared.growth();
  REQUIRE(!growth.groups.empty());
  CHECK(growth.own_bytes == 0);
  CHECK(growth.groups[0].bytes == 20 * 132);
  const auto details = compared.finder.detail(1);
  REQUIRE(details.size() == 1);
  CHECK(compared.described(details[0]).name == "global.shutdown");
}

// Objects that are held until the end of one that lives for ever: a list of V8's cells.
HeapWriter registered(uint32_t count) {
  HeapWriter heap;
  const uint32_t registry = heap.node("object", "FinalizationRegistry", 101, 40);
  heap.edge(HeapWriter::kGlobal, "property", "registry", registry);
  uint32_t before = registry;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t cell = heap.node("hidden", "system / WeakCell", 1001 + i * 4, 72);
    const uint32_t held = heap.node("object", "Session", 1003 + i * 4, 100);
    heap.edge(before, "hidden", "4", cell);
    heap.edge(cell, "hidden", "2", held);
    before = cell;
  }
  return heap;
}

TEST_CASE("what is held for the end of an object is kept by the registry") {
  Compared compared(registered(10), registered(30));
  REQUIRE(!compared.growth().groups.empty());
  CHECK(compared.growth().own_bytes == 0);
  CHECK(compared.growth().groups[0].bytes == 20 * 172);
  CHECK(compared.described(compared.finder.detail(1)[0]).name == "global.registry");
}

TEST_CASE("many owners on one path are one growth") {
  const auto heap_of = [](uint32_t each) {
    HeapWriter heap;
    const uint32_t list = heap.node("object", "Array", 101, 16);
    heap.edge(HeapWriter::kGlobal, "property", "sessions", list);
    for (uint32_t i = 0; i < 20; ++i) {
      const uint32_t session = heap.node("object", "Session", 1001 + i * 2, 50);
      heap.element(list, i, session);
      const uint32_t log = heap.node("object", "Log", 2001 + i * 2, 50);
      heap.edge(session, "property", "log", log);
      for (uint32_t line = 0; line < each; ++line) {
        heap.element(log, line, heap.node("object", "Line", 10001 + (line * 20 + i) * 2, 7));
      }
    }
    return heap;
  };
  Compared compared(heap_of(1), heap_of(3));
  REQUIRE(compared.growth().groups.size() == 1);
  CHECK(compared.growth().groups[0].bytes == 20 * 2 * 7);
  CHECK(compared.finder.detail(1)[0].anchors.size() == 20);
}

TEST_CASE("the global object leads to an object sooner than V8's shapes do") {
  HeapWriter heap;
  const uint32_t handles = heap.node("synthetic", "(Global handles)", 11, 0);
  const uint32_t own = heap.node("synthetic", "(Strong roots)", 13, 0);
  const uint32_t shape = heap.node("object shape", "system / Map", 15, 70);
  const uint32_t step = heap.node("object", "Store", 17, 10);
  const uint32_t object = heap.node("object", "Kept", 19, 10);
  const uint32_t handled = heap.node("object", "Handled", 21, 10);
  heap.element(1, 1, own);
  heap.element(1, 2, handles);
  heap.element(own, 1, object);
  heap.element(own, 2, handled);
  heap.element(handles, 1, handled);
  heap.edge(HeapWriter::kGlobal, "internal", "map", shape);
  heap.edge(shape, "internal", "constructor", object);
  heap.edge(HeapWriter::kGlobal, "property", "store", step);
  heap.edge(step, "property", "kept", object);
  const Heap made = heap.heap();
  CHECK(made.reach.parent[object] == step);
  CHECK(made.reach.parent[handled] == handles);
  CHECK(made.reach.parent[shape] == HeapWriter::kGlobal);
}

TEST_CASE("compiled code that came is V8's own") {
  HeapWriter before = cache_of(1001, 1, 111);
  HeapWriter after = cache_of(1001, 1, 111);
  const uint32_t code = after.node("code", "system / BytecodeArray", 5001, 400);
  after.edge(3, "internal", "code", code);
  Compared compared(before, after);
  CHECK(compared.growth().groups.empty());
  CHECK(compared.growth().own_bytes == 400);
}

}  // namespace
}  // namespace silt::heap
