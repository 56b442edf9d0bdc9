// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/dominators.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

Graph graph_of(const std::vector<std::vector<NodeIndex>>& targets) {
  Graph graph;
  graph.edge_begins.push_back(0);
  graph.texts.add("");
  graph.name_kinds.push_back(NameKind::kPlain);
  for (const auto& list : targets) {
    graph.types.push_back(NodeType::kObject);
    graph.names.push_back(0);
    graph.ids.push_back(static_cast<uint32_t>(graph.ids.size()) * 2 + 1);
    graph.sizes.push_back(static_cast<uint32_t>(graph.sizes.size()) + 1);
    for (const NodeIndex target : list) {
      graph.edge_types.push_back(EdgeType::kProperty);
      graph.edge_names.push_back(0);
      graph.edge_targets.push_back(target);
    }
    graph.edge_begins.push_back(static_cast<EdgeIndex>(graph.edge_targets.size()));
  }
  return graph;
}

// Nodes that the root reaches when `without` is taken away.
std::vector<bool> reached(const std::vector<std::vector<NodeIndex>>& targets, NodeIndex without) {
  std::vector<bool> seen(targets.size());
  std::vector<NodeIndex> open;
  if (without != kRoot) open.push_back(kRoot);
  while (!open.empty()) {
    const NodeIndex node = open.back();
    open.pop_back();
    if (seen[node]) continue;
    seen[node] = true;
    for (const NodeIndex target : targets[node]) {
      if (target != without) open.push_back(target);
    }
  }
  return seen;
}

TEST_CASE("on random graphs each node retains exactly what is lost without it") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const size_t nodes = 1 + random() % 40;
    std::vector<std::vector<NodeIndex>> targets(nodes);
    const size_t edges = random() % (nodes * 3 + 1);
    for (size_t i = 0; i < edges; ++i) {
      targets[random() % nodes].push_back(static_cast<NodeIndex>(random() % nodes));
    }
    const Graph graph = graph_of(targets);
    const Dominators dominators = find_dominators(graph);
    const std::vector<bool> all = reached(targets, kNone);
    for (NodeIndex node = 0; node < nodes; ++node) {
      REQUIRE(dominators.is_kept(node) == all[node]);
      uint64_t lost = 0;
      const std::vector<bool> rest = reached(targets, node);
      for (NodeIndex other = 0; other < nodes; ++other) {
        if (all[other] && !rest[other]) lost += graph.size_of(other);
      }
      REQUIRE(dominators.retained[node] == (all[node] ? lost : 0));
    }
    for (NodeIndex node = 1; node < nodes; ++node) {
      if (!all[node]) continue;
      const NodeIndex up = dominators.immediate[node];
      REQUIRE(!reached(targets, up)[node]);
    }
  }
}

TEST_CASE("a chain of a million objects needs no stack") {
  std::vector<std::vector<NodeIndex>> targets(1'000'000);
  for (NodeIndex node = 0; node + 1 < targets.size(); ++node) targets[node] = {node + 1};
  const Graph graph = graph_of(targets);
  const Dominators dominators = find_dominators(graph);
  CHECK(dominators.immediate.back() == targets.size() - 2);
  CHECK(dominators.retained[1] == dominators.retained[0] - 1);
}

TEST_CASE("weak references keep nothing, and a WeakMap's value is its key's") {
  test::HeapWriter heap;
  const uint32_t weak = heap.node("object", "Weak", 11, 100);
  heap.edge(test::HeapWriter::kGlobal, "weak", "ref", weak);
  const uint32_t table = heap.node("array", "", 13, 10);
  const uint32_t key = heap.node("object", "Key", 15, 10);
  const uint32_t value = heap.node("object", "Value", 17, 1000);
  heap.edge(test::HeapWriter::kGlobal, "property", "table", table);
  heap.edge(test::HeapWriter::kGlobal, "property", "key", key);
  const std::string pair =
      "2 / part of key (Key @15) -> value (Value @17) pair in WeakMap (table @13)";
  heap.edge(table, "internal", pair, value);
  heap.edge(key, "internal", pair, value);
  const Heap made = heap.heap();
  CHECK(!made.dominators.is_kept(weak));
  CHECK(!made.reach.is_kept(weak));
  CHECK(made.dominators.retained[key] == 1010);
  CHECK(made.dominators.retained[table] == 10);
}

}  // namespace
}  // namespace silt::heap
