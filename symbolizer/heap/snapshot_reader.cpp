// SPDX-License-Identifier: Apache-2.0
//
// One pass over the file; see the header. V8 writes the sections in the order snapshot, nodes,
// edges, trace…, samples, locations, strings; what is checked against a section that may come later
// is checked at the end.

#include "symbolizer/heap/snapshot_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "symbolizer/base/json_stream.h"
#include "symbolizer/heap/snapshot_heading.h"

namespace silt::heap {
namespace {

constexpr size_t kLongestName = 1024;   // as V8 cuts them
constexpr size_t kTellEvery = 1 << 20;  // items

using Row = std::array<uint64_t, kMostColumns>;

class Reader {
 public:
  Reader(const ByteSource& source, const std::function<void(double)>& progress)
      : json_(source), progress_(progress) {}

  Result<Graph> read() {
    if (!sections() || !finish()) {
      return json_.ok() ? Error{problem_} : json_.error();
    }
    return std::move(graph_);
  }

 private:
  bool refuse(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
    return false;
  }

  void tell() {
    if (progress_) {
      progress_(static_cast<double>(json_.position()) /
                static_cast<double>(std::max<uint64_t>(1, json_.size())));
    }
  }

  bool sections() {
    if (!json_.take('{')) return false;
    std::string key;
    for (bool first = true; json_.more('}', first);) {
      if (!json_.read_string(key, kLongestKey) || !json_.take(':')) return false;
      const bool known = key == "nodes" || key == "edges" || key == "strings" || key == "locations";
      if (known && !has_meta_) return json_.fail("'" + key + "' comes before 'snapshot'");
      bool good = false;
      if (key == "snapshot") {
        good = once(has_meta_, key) && read_snapshot_heading(json_, heading_);
      } else if (key == "nodes") {
        good = once(has_nodes_, key) && nodes();
      } else if (key == "edges") {
        good = once(has_edges_, key) && edges();
      } else if (key == "strings") {
        good = once(has_strings_, key) && strings();
      } else if (key == "locations" && heading_.locations.width != 0) {
        good = once(has_locations_, key) && locations();
      } else {
        good = json_.skip_value();
      }
      if (!good) return false;
      tell();
    }
    if (!json_.ok()) return false;
    return json_.at_end() || json_.fail("expected the end of the file");
  }

  bool once(bool& had, const std::string& key) {
    if (had) return json_.fail("a second '" + key + "'");
    return had = true;
  }

  // Rows of `width` numbers each: calls take(row) for each, which says whether it is sound.
  // `wanted` columns are whole numbers, others may be anything numeric.
  template <typename Take>
  bool rows(size_t width, uint64_t wanted, const char* section, Take take) {
    if (!json_.take('[')) return false;
    if (json_.take_if(']')) return true;
    Row row{};
    for (size_t count = 0;; ++count) {
      for (size_t i = 0; i < width; ++i) {
        if (i != 0 && !json_.take(',')) return false;
        const bool good =
            (wanted >> i & 1) != 0 ? json_.read_unsigned(row[i]) : json_.read_number(row[i]);
        if (!good) return false;
      }
      if (!take(row)) return false;
      if (count % kTellEvery == 0) tell();
      if (json_.take_if(',')) continue;
      if (json_.take_if(']')) return true;
      return json_.fail(std::string("expected ',' or ']' in '") + section + "'");
    }
  }

  bool has_all(const char* section, size_t rows, const char* name, uint64_t count) {
    if (rows == count) return true;
    return json_.fail(std::string("'") + section + "' has " + std::to_string(rows) + " rows, '" +
                      name + "' says " + std::to_string(count));
  }

  static uint64_t bits(std::initializer_list<size_t> columns) {
    uint64_t all = 0;
    for (const size_t column : columns) all |= uint64_t{1} << column;
    return all;
  }

  // A text's index is checked at the end; here against how many the file can hold.
  bool text_index(uint64_t index) const { return index <= std::min(json_.size() / 3, kMostItems); }

  void want(uint64_t text) {
    if (wanted_.size() <= text) wanted_.resize(std::max<size_t>(text + 1, wanted_.size() * 2));
    wanted_[text] = true;
  }

  bool nodes() {
    graph_.types.reserve(heading_.node_count);
    graph_.names.reserve(heading_.node_count);
    graph_.ids.reserve(heading_.node_count);
    graph_.sizes.reserve(heading_.node_count);
    graph_.edge_begins.reserve(heading_.node_count + 1);
    graph_.edge_begins.push_back(0);
    uint64_t edges = 0;
    uint64_t bytes = 0;
    const NodeColumns& at = heading_.nodes;
    const auto take = [&](const Row& row) {
      const NodeIndex node = static_cast<NodeIndex>(graph_.types.size());
      if (node >= heading_.node_count)
        return json_.fail("'nodes' has more rows than 'node_count' says");
      if (row[at.type] >= heading_.node_types.size())
        return json_.fail("a node of an unknown type");
      if (!text_index(row[at.name])) return json_.fail("a node's name is no string of the file");
      if (row[at.id] > UINT32_MAX) return json_.fail("a node's id is too large");
      constexpr uint64_t kMostBytes = uint64_t{1} << 62;
      if (row[at.size] > kMostBytes - bytes) return json_.fail("a node's size is too large");
      if (row[at.edges] > heading_.edge_count - edges) {
        return json_.fail("nodes have more edges than 'edge_count' says");
      }
      bytes += row[at.size];
      edges += row[at.edges];
      const NodeType type = heading_.node_types[row[at.type]];
      graph_.types.push_back(type);
      graph_.names.push_back(static_cast<uint32_t>(row[at.name]));
      graph_.ids.push_back(static_cast<uint32_t>(row[at.id]));
      if (row[at.size] >= UINT32_MAX) graph_.large_sizes[node] = row[at.size];
      graph_.sizes.push_back(static_cast<uint32_t>(std::min<uint64_t>(row[at.size], UINT32_MAX)));
      graph_.edge_begins.push_back(static_cast<EdgeIndex>(edges));
      if (type != NodeType::kString) want(row[at.name]);
      return true;
    };
    if (!rows(at.width, bits({at.type, at.name, at.id, at.size, at.edges}), "nodes", take)) {
      return false;
    }
    if (!has_all("nodes", graph_.types.size(), "node_count", heading_.node_count)) return false;
    if (edges != heading_.edge_count) {
      return json_.fail("nodes have " + std::to_string(edges) + " edges, 'edge_count' says " +
                        std::to_string(heading_.edge_count));
    }
    return true;
  }

  bool edges() {
    graph_.edge_types.reserve(heading_.edge_count);
    graph_.edge_names.reserve(heading_.edge_count);
    graph_.edge_targets.reserve(heading_.edge_count);
    const EdgeColumns& at = heading_.edges;
    const uint64_t fields = heading_.nodes.width;
    const auto take = [&](const Row& row) {
      if (graph_.edge_types.size() >= heading_.edge_count) {
        return json_.fail("'edges' has more rows than 'edge_count' says");
      }
      if (row[at.type] >= heading_.edge_types.size())
        return json_.fail("an edge of an unknown type");
      const EdgeType type = heading_.edge_types[row[at.type]];
      const bool named = type != EdgeType::kElement && type != EdgeType::kHidden;
      if (named && !text_index(row[at.name])) {
        return json_.fail("an edge's name is no string of the file");
      }
      if (row[at.target] % fields != 0 || row[at.target] / fields >= heading_.node_count) {
        return json_.fail("an edge leads to no node");
      }
      graph_.edge_types.push_back(type);
      graph_.edge_names.push_back(
          static_cast<uint32_t>(std::min<uint64_t>(row[at.name], UINT32_MAX)));
      graph_.edge_targets.push_back(static_cast<NodeIndex>(row[at.target] / fields));
      if (named) want(row[at.name]);
      return true;
    };
    if (!rows(at.width, bits({at.type, at.name, at.target}), "edges", take)) {
      return false;
    }
    return has_all("edges", graph_.edge_types.size(), "edge_count", heading_.edge_count);
  }

  bool locations() {
    const LocationColumns& at = heading_.locations;
    const uint64_t fields = heading_.nodes.width;
    const auto take = [&](const Row& row) {
      if (row[at.node] % fields != 0 || row[at.node] / fields >= heading_.node_count) {
        return json_.fail("a location belongs to no node");
      }
      const auto small = [](uint64_t value) {
        return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX - 1));
      };
      graph_.locations.push_back({static_cast<NodeIndex>(row[at.node] / fields),
                                  small(row[at.script]), small(row[at.line]),
                                  small(row[at.column])});
      return true;
    };
    return rows(at.width, bits({at.node}), "locations", take);
  }

  bool strings() {
    if (!json_.take('[')) return false;
    // Before the nodes and edges were seen, any text may be wanted.
    const bool all = !has_nodes_ || !has_edges_;
    std::string text;
    size_t count = 0;
    for (bool first = true; json_.more(']', first); ++count) {
      if (all || (count < wanted_.size() && wanted_[count])) {
        if (!json_.read_string(text, kLongestName)) return false;
        graph_.texts.add(text);
        graph_.name_kinds.push_back(classify_name(text));
      } else {
        if (!json_.skip_string()) return false;
        graph_.texts.add({});
        graph_.name_kinds.push_back(NameKind::kPlain);
      }
      if (count % kTellEvery == 0) tell();
    }
    graph_.texts.shrink();
    return json_.ok();
  }

  bool finish() {
    for (const auto& [had, name] :
         {std::pair(has_meta_, "snapshot"), std::pair(has_nodes_, "nodes"),
          std::pair(has_edges_, "edges"), std::pair(has_strings_, "strings")}) {
      if (!had) return refuse(std::string("is no heap snapshot: it has no '") + name + "'");
    }
    const size_t texts = graph_.texts.size();
    const auto no_text = [&](const char* what, size_t index, uint32_t name) {
      return refuse(std::string(what) + " " + std::to_string(index) + " has name " +
                    std::to_string(name) + ", but there are only " + std::to_string(texts) +
                    " strings");
    };
    for (NodeIndex node = 0; node < graph_.node_count(); ++node) {
      if (graph_.names[node] >= texts) return no_text("node", node, graph_.names[node]);
      graph_.types[node] = shown_type(graph_.types[node], graph_.texts[graph_.names[node]]);
    }
    for (EdgeIndex edge = 0; edge < graph_.edge_count(); ++edge) {
      const uint32_t name = graph_.edge_names[edge];
      if (graph_.is_named(edge) && name >= texts) return no_text("edge", edge, name);
    }
    const auto by_node = [](const Location& a, const Location& b) { return a.node < b.node; };
    if (!std::is_sorted(graph_.locations.begin(), graph_.locations.end(), by_node)) {
      std::stable_sort(graph_.locations.begin(), graph_.locations.end(), by_node);
    }
    graph_.locations.shrink_to_fit();
    return true;
  }

  JsonStream json_;
  const std::function<void(double)>& progress_;
  Graph graph_;
  std::string problem_;
  bool has_meta_ = false, has_nodes_ = false, has_edges_ = false, has_strings_ = false,
       has_locations_ = false;
  SnapshotHeading heading_;
  std::vector<bool> wanted_;  // texts that name something
};

}  // namespace

bool looks_like_heap_snapshot(const ByteSource& source) {
  constexpr uint64_t kBegin = 256;
  const auto bytes = source.read(0, std::min(kBegin, source.size()));
  if (!bytes) return false;
  std::string begin;
  for (const char c : *bytes) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') begin += c;
  }
  return begin.starts_with("{\"snapshot\":");
}

Result<Graph> read_heap_snapshot(const ByteSource& source,
                                 const std::function<void(double)>& progress) {
  return Reader(source, progress).read();
}

}  // namespace silt::heap
