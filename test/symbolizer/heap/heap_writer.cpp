// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/heap/heap_writer.h"

#include <algorithm>
#include <stdexcept>

#include "symbolizer/heap/snapshot_reader.h"

namespace silt::test {
namespace {

const std::vector<std::string> kNodeTypes = {"hidden",
                                             "array",
                                             "string",
                                             "object",
                                             "code",
                                             "closure",
                                             "regexp",
                                             "number",
                                             "native",
                                             "synthetic",
                                             "concatenated string",
                                             "sliced string",
                                             "symbol",
                                             "bigint",
                                             "object shape"};
const std::vector<std::string> kEdgeTypes = {"context", "element",  "property", "internal",
                                             "hidden",  "shortcut", "weak"};

size_t index_in(const std::vector<std::string>& words, const std::string& word) {
  return static_cast<size_t>(std::find(words.begin(), words.end(), word) - words.begin());
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "\"" : ",\"") + word + "\"";
  return "[" + text + "]";
}

}  // namespace

HeapWriter::HeapWriter() {
  node("synthetic", "", 1, 0);
  node("synthetic", "(GC roots)", 3, 0);
  node("object", "global", 5, 40);
  element(0, 1, 1);
  edge(0, "shortcut", "1", kGlobal);
}

uint32_t HeapWriter::node(const std::string& type, const std::string& name, uint32_t id,
                          uint64_t size) {
  nodes_.push_back({type, name, id, size});
  edges_.emplace_back();
  return static_cast<uint32_t>(nodes_.size() - 1);
}

void HeapWriter::edge(uint32_t from, const std::string& type, const std::string& name,
                      uint32_t to) {
  edges_[from].push_back({type, name, 0, to});
}

void HeapWriter::element(uint32_t from, uint32_t index, uint32_t to) {
  edges_[from].push_back({"element", "", index, to});
}

void HeapWriter::location(uint32_t node, uint32_t script, uint32_t line) {
  locations_.push_back({node, script, line, 0});
}

std::string HeapWriter::json(bool older) const {
  const size_t fields = older ? 7 : 6;
  std::vector<std::string> strings;
  std::map<std::string, size_t> ids;
  const auto text = [&](const std::string& word) {
    const auto [at, is_new] = ids.try_emplace(word, strings.size());
    if (is_new) strings.push_back(word);
    return std::to_string(at->second);
  };
  std::string nodes, edges, locations;
  size_t edge_count = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (!nodes.empty()) nodes += older ? "\n," : ",";
    nodes += std::to_string(index_in(kNodeTypes, node.type)) + "," + text(node.name) + "," +
             std::to_string(node.id) + "," + std::to_string(node.size) + "," +
             std::to_string(edges_[i].size()) + (older ? ",0,0" : ",0");
    for (const Edge& edge : edges_[i]) {
      ++edge_count;
      if (!edges.empty()) edges += ",";
      const bool numbered = edge.type == "element" || edge.type == "hidden";
      edges += std::to_string(index_in(kEdgeTypes, edge.type)) + "," +
               (numbered ? std::to_string(edge.index) : text(edge.name)) + "," +
               std::to_string(edge.to * fields);
    }
  }
  for (const heap::Location& at : locations_) {
    if (!locations.empty()) locations += ",";
    locations += std::to_string(at.node * fields) + "," + std::to_string(at.script) + "," +
                 std::to_string(at.line) + ",0";
  }
  return R"({"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count",)" +
         std::string(older ? R"("trace_node_id",)" : "") + R"("detachedness"],"node_types":[)" +
         list_of(kNodeTypes) +
         R"(,"string","number","number","number","number"],"edge_fields":["type",)" +
         R"("name_or_index","to_node"],"edge_types":[)" + list_of(kEdgeTypes) +
         R"(,"string_or_number","node"],"location_fields":["object_index","script_id","line",)" +
         R"("column"]},"node_count":)" + std::to_string(nodes_.size()) + R"(,"edge_count":)" +
         std::to_string(edge_count) + R"(,"trace_function_count":0},)" + "\n\"nodes\":[" + nodes +
         "],\n\"edges\":[" + edges + "],\n\"trace_tree\":[],\n\"locations\":[" + locations +
         "],\n\"strings\":" + list_of(strings) + "}\n";
}

heap::Heap HeapWriter::heap() const {
  const std::string text = json();
  auto graph = heap::read_heap_snapshot(MemorySource(text));
  if (!graph) throw std::runtime_error(graph.error().message);
  heap::Heap heap;
  heap.graph = std::move(*graph);
  heap.reach = heap::find_reach(heap.graph);
  heap.dominators = heap::find_dominators(heap.graph);
  return heap;
}

}  // namespace silt::test
