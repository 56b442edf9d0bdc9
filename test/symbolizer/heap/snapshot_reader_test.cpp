// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/snapshot_reader.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

std::string small_heap(bool older = false) {
  test::HeapWriter heap;
  const uint32_t map = heap.node("object", "Map", 7, 32);
  const uint32_t text = heap.node("string", "secret", 9, 5'000'000'000);
  heap.edge(test::HeapWriter::kGlobal, "property", "cache", map);
  heap.edge(map, "internal", "12", text);
  heap.location(map, 4, 11);
  return heap.json(older);
}

std::string refusal(const std::string& json) {
  const auto graph = read_heap_snapshot(MemorySource(json));
  return graph ? "" : graph.error().message;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

TEST_CASE("both layouts of columns are read alike") {
  for (const bool older : {false, true}) {
    const std::string json = small_heap(older);
    const MemorySource source(json);
    CHECK(looks_like_heap_snapshot(source));
    const auto graph = read_heap_snapshot(source);
    REQUIRE(graph);
    REQUIRE(graph->node_count() == 5);
    CHECK(graph->name_of(3) == "Map");
    CHECK(graph->types[3] == NodeType::kObject);
    CHECK(graph->size_of(3) == 32);
    CHECK(graph->size_of(4) == 5'000'000'000);
    CHECK(graph->ids[4] == 9);
    REQUIRE(graph->edges_end(2) - graph->edges_begin(2) == 1);
    CHECK(graph->edge_name(graph->edges_begin(2)) == "cache");
    CHECK(graph->edge_targets[graph->edges_begin(2)] == 3);
    REQUIRE(graph->location_of(3) != nullptr);
    CHECK(graph->location_of(3)->line == 11);
    CHECK(graph->location_of(2) == nullptr);
  }
}

TEST_CASE("values of strings are not kept") {
  const auto graph = read_heap_snapshot(MemorySource(small_heap()));
  REQUIRE(graph);
  CHECK(graph->name_of(4).empty());
}

TEST_CASE("a file that is cut anywhere is refused in one line") {
  const std::string json = small_heap();
  for (size_t size = 0; size + 2 < json.size(); ++size) {
    const std::string message = refusal(json.substr(0, size));
    REQUIRE(!message.empty());
    REQUIRE(message.find('\n') == std::string::npos);
  }
  CHECK(refusal(json).empty());
}

TEST_CASE("counts that the file cannot hold take no memory") {
  const std::string json = small_heap();
  CHECK(refusal(replaced(json, "\"node_count\":5", "\"node_count\":4000000000"))
            .find("more than the file can hold") != std::string::npos);
  CHECK(refusal(replaced(json, "\"edge_count\":4", "\"edge_count\":18446744073709551615"))
            .find("more than the file can hold") != std::string::npos);
}

TEST_CASE("counts that are not true are refused") {
  const std::string json = small_heap();
  CHECK(
      refusal(replaced(json, "\"node_count\":5", "\"node_count\":6")).find("'node_count' says 6") !=
      std::string::npos);
  CHECK(refusal(replaced(json, "\"node_count\":5", "\"node_count\":4")).find("more rows") !=
        std::string::npos);
  CHECK(refusal(replaced(json, "\"edge_count\":4", "\"edge_count\":3")).find("more edges") !=
        std::string::npos);
  CHECK(
      refusal(replaced(json, "\"edge_count\":4", "\"edge_count\":5")).find("'edge_count' says 5") !=
      std::string::npos);
}

TEST_CASE("indices that lead nowhere are refused") {
  const std::string json = small_heap();
  CHECK(refusal(replaced(json, "\"edges\":[1,1,6", "\"edges\":[1,1,7")).find("leads to no node") !=
        std::string::npos);
  CHECK(
      refusal(replaced(json, "\"edges\":[1,1,6", "\"edges\":[1,1,600")).find("leads to no node") !=
      std::string::npos);
  CHECK(refusal(replaced(json, "\"edges\":[1,", "\"edges\":[9,")).find("unknown type") !=
        std::string::npos);
  CHECK(refusal(replaced(json, "\"nodes\":[9,0", "\"nodes\":[9,90")).find("strings") !=
        std::string::npos);
  CHECK(refusal(replaced(json, "\"nodes\":[9,0", "\"nodes\":[99,0")).find("unknown type") !=
        std::string::npos);
  CHECK(refusal(replaced(json, "\"locations\":[18", "\"locations\":[17"))
            .find("belongs to no node") != std::string::npos);
}

TEST_CASE("a meta without what is needed is refused by name") {
  const std::string json = small_heap();
  CHECK(refusal(replaced(json, "\"self_size\"", "\"size\"")).find("no column 'self_size'") !=
        std::string::npos);
  CHECK(refusal(replaced(json, "\"to_node\"", "\"to\"")).find("no column 'to_node'") !=
        std::string::npos);
  CHECK(refusal("{}").find("no 'snapshot'") != std::string::npos);
  CHECK(refusal("[]").find("expected '{'") != std::string::npos);
  CHECK(refusal("{\"nodes\":[]}").find("before 'snapshot'") != std::string::npos);
}

}  // namespace
}  // namespace silt::heap
