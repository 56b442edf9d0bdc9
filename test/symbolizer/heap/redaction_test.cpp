// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/redaction.h"

#include <catch2/catch.hpp>
#include <string>

#include "symbolizer/heap/snapshot_reader.h"
#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

std::string redacted(const std::string& json) {
  std::string result;
  const auto error = redact_heap_snapshot(MemorySource(json), [&](std::string_view bytes) {
    result += bytes;
    return true;
  });
  return error ? "error: " + error->message : result;
}

TEST_CASE("values go and names stay") {
  test::HeapWriter heap;
  const uint32_t map = heap.node("object", "Map", 7, 32);
  heap.edge(test::HeapWriter::kGlobal, "property", "cache", map);
  const char* const kValues[] = {"a secret", "with \\\" quote", "\\\\", "], \\\"strings\\\":["};
  uint32_t id = 9;
  for (const char* value : kValues) {
    const uint32_t text = heap.node("string", value, id, 24);
    heap.edge(map, "internal", "12", text);
    id += 2;
  }
  // Both a value and a name.
  const uint32_t both = heap.node("string", "cache", id, 24);
  heap.edge(map, "internal", "13", both);
  const std::string json = heap.json();
  const std::string result = redacted(json);
  CHECK(result.find("secret") == std::string::npos);
  CHECK(result.find("quote") == std::string::npos);
  CHECK(result.find("\"Map\"") != std::string::npos);
  CHECK(result.find("\"cache\"") != std::string::npos);
  const auto graph = read_heap_snapshot(MemorySource(result));
  REQUIRE(graph);
  const auto whole = read_heap_snapshot(MemorySource(json));
  REQUIRE(whole);
  CHECK(graph->node_count() == whole->node_count());
  CHECK(graph->edge_count() == whole->edge_count());
  CHECK(graph->texts.size() == whole->texts.size());
  CHECK(graph->name_of(map) == "Map");
}

TEST_CASE("what is no heap snapshot is not given on") {
  CHECK(redacted("{\"snapshot\":{}}").starts_with("error: "));
  CHECK(redacted("").starts_with("error: "));
}

}  // namespace
}  // namespace silt::heap
