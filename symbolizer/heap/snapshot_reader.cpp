// SPDX-License-Identifier: Apache-2.0
//
// One pass over the file; see the header. V8 writes the sections in the order snapshot, nodes,
// edges, trace…, samples, locations, strings; what is checked against a section that may come later
// is checked at the end. Over 300 lines, since each section is held against the counts of the
// others.

#include "symbolizer/heap/snapshot_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "symbolizer/base/json_stream.h"

namespace silt::heap {
namespace {

constexpr size_t kMostFields = 64;     // V8 has 7 at most
constexpr size_t kLongestName = 1024;  // as V8 cuts them
constexpr size_t kLongestWord = 256;   // of the meta
constexpr uint64_t kMostItems = uint64_t{UINT32_MAX} - 1;
constexpr size_t kTellEvery = 1 << 20;  // items

using Words = std::vector<std::string>;

NodeType node_type(std::string_view word) {
  if (word == "hidden") return NodeType::kHidden;
  if (word == "array") return NodeType::kArray;
  if (word == "string" || word == "concatenated string" || word == "sliced string") {
    return NodeType::kString;
  }
  if (word == "object") return NodeType::kObject;
  if (word == "code") return NodeType::kCode;
  if (word == "closure") return NodeType::kClosure;
  if (word == "number" || word == "bigint" || word == "symbol") return NodeType::kNumber;
  if (word == "native") return NodeType::kNative;
  if (word == "synthetic") return NodeType::kSynthetic;
  if (word == "object shape") return NodeType::kShape;
  return NodeType::kOther;
}

EdgeType edge_type(std::string_view word) {
  if (word == "context") return EdgeType::kContext;
  if (word == "element") return EdgeType::kElement;
  if (word == "property") return EdgeType::kProperty;
  if (word == "internal") return EdgeType::kInternal;
  if (word == "hidden") return EdgeType::kHidden;
  if (word == "shortcut") return EdgeType::kShortcut;
  if (word == "weak") return EdgeType::kWeak;
  return EdgeType::kOther;
}

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

  // How many numbers what is left of the file can hold: each takes two bytes.
  uint64_t room() const { return (json_.size() - json_.position()) / 2 + 1; }

  bool sections() {
    if (!json_.take('{')) return false;
    std::string key;
    for (bool first = true; json_.more('}', first);) {
      if (!json_.read_string(key, kLongestWord) || !json_.take(':')) return false;
      const bool known = key == "nodes" || key == "edges" || key == "strings" || key == "locations";
      if (known && !has_meta_) return json_.fail("'" + key + "' comes before 'snapshot'");
      bool good = false;
      if (key == "snapshot") {
        good = once(has_meta_, key) && snapshot();
      } else if (key == "nodes") {
        good = once(has_nodes_, key) && nodes();
      } else if (key == "edges") {
        good = once(has_edges_, key) && edges();
      } else if (key == "strings") {
        good = once(has_strings_, key) && strings();
      } else if (key == "locations" && !location_fields_.empty()) {
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

  // The heading: which columns there are, and how many rows.
  bool snapshot() {
    if (!json_.take('{')) return false;
    std::string key;
    bool has_columns = false;
    for (bool first = true; json_.more('}', first);) {
      if (!json_.read_string(key, kLongestWord) || !json_.take(':')) return false;
      bool good = false;
      if (key == "meta") {
        good = once(has_columns, key) && meta();
      } else if (key == "node_count") {
        good = json_.read_unsigned(node_count_);
      } else if (key == "edge_count") {
        good = json_.read_unsigned(edge_count_);
      } else {
        good = json_.skip_value();
      }
      if (!good) return false;
    }
    if (!json_.ok()) return false;
    if (!has_columns) return json_.fail("'snapshot' has no 'meta'");
    if (node_count_ == 0) return json_.fail("'node_count' is missing or 0");
    // The file must have room for what it promises: memory is taken by these counts.
    if (node_count_ > kMostItems || node_count_ > room() / node_fields_.size() + 1) {
      return json_.fail("'node_count' says " + std::to_string(node_count_) +
                        ", more than the file can hold; is it cut short?");
    }
    if (edge_count_ > kMostItems || edge_count_ > room() / edge_fields_.size() + 1) {
      return json_.fail("'edge_count' says " + std::to_string(edge_count_) +
                        ", more than the file can hold; is it cut short?");
    }
    return true;
  }

  bool words(Words& out) {
    out.clear();
    if (!json_.take('[')) return false;
    for (bool first = true; json_.more(']', first);) {
      if (out.size() >= kMostFields) return json_.fail("too many names in 'meta'");
      out.emplace_back();
      if (!json_.read_string(out.back(), kLongestWord)) return false;
    }
    return json_.ok();
  }

  // [["hidden", …], "string", …]: the names of the kinds stand where the column "type" does.
  bool kinds(std::vector<Words>& out) {
    out.clear();
    if (!json_.take('[')) return false;
    for (bool first = true; json_.more(']', first);) {
      if (out.size() >= kMostFields) return json_.fail("too many columns in 'meta'");
      out.emplace_back();
      if (json_.peek() == '[' ? !words(out.back()) : !json_.skip_value()) return false;
    }
    return json_.ok();
  }

  // The column called `name`, or an error.
  bool column(const Words& fields, std::string_view name, const char* section, size_t& index) {
    const auto at = std::find(fields.begin(), fields.end(), name);
    if (at == fields.end()) {
      return json_.fail("'meta' has no column '" + std::string(name) + "' in '" + section + "'");
    }
    index = static_cast<size_t>(at - fields.begin());
    return true;
  }

  bool meta() {
    if (!json_.take('{')) return false;
    std::string key;
    std::vector<Words> node_kinds;
    std::vector<Words> edge_kinds;
    for (bool first = true; json_.more('}', first);) {
      if (!json_.read_string(key, kLongestWord) || !json_.take(':')) return false;
      const bool good = key == "node_fields"       ? words(node_fields_)
                        : key == "edge_fields"     ? words(edge_fields_)
                        : key == "location_fields" ? words(location_fields_)
                        : key == "node_types"      ? kinds(node_kinds)
                        : key == "edge_types"      ? kinds(edge_kinds)
                                                   : json_.skip_value();
      if (!good) return false;
    }
    if (!json_.ok()) return false;
    if (!column(node_fields_, "type", "node_fields", node_type_) ||
        !column(node_fields_, "name", "node_fields", node_name_) ||
        !column(node_fields_, "id", "node_fields", node_id_) ||
        !column(node_fields_, "self_size", "node_fields", node_size_) ||
        !column(node_fields_, "edge_count", "node_fields", node_edges_) ||
        !column(edge_fields_, "type", "edge_fields", edge_type_) ||
        !column(edge_fields_, "name_or_index", "edge_fields", edge_name_) ||
        !column(edge_fields_, "to_node", "edge_fields", edge_target_)) {
      return false;
    }
    if (!location_fields_.empty() &&
        (!column(location_fields_, "object_index", "location_fields", location_node_) ||
         !column(location_fields_, "script_id", "location_fields", location_script_) ||
         !column(location_fields_, "line", "location_fields", location_line_) ||
         !column(location_fields_, "column", "location_fields", location_column_))) {
      return false;
    }
    if (node_kinds.size() <= node_type_ || node_kinds[node_type_].empty() ||
        edge_kinds.size() <= edge_type_ || edge_kinds[edge_type_].empty()) {
      return json_.fail("'meta' does not name the types of nodes and edges");
    }
    for (const std::string& word : node_kinds[node_type_]) node_types_.push_back(node_type(word));
    for (const std::string& word : edge_kinds[edge_type_]) edge_types_.push_back(edge_type(word));
    return true;
  }

  // Rows of `fields` numbers each: calls take(row) for each, which says whether it is sound.
  // `wanted` columns are whole numbers, others may be anything numeric.
  template <typename Take>
  bool rows(const Words& fields, uint64_t wanted, const char* section, Take take) {
    if (!json_.take('[')) return false;
    if (json_.take_if(']')) return true;
    std::array<uint64_t, kMostFields> row{};
    for (size_t count = 0;; ++count) {
      for (size_t i = 0; i < fields.size(); ++i) {
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
    graph_.types.reserve(node_count_);
    graph_.names.reserve(node_count_);
    graph_.ids.reserve(node_count_);
    graph_.sizes.reserve(node_count_);
    graph_.edge_begins.reserve(node_count_ + 1);
    graph_.edge_begins.push_back(0);
    uint64_t edges = 0;
    uint64_t bytes = 0;
    const auto take = [&](const std::array<uint64_t, kMostFields>& row) {
      const NodeIndex node = static_cast<NodeIndex>(graph_.types.size());
      if (node >= node_count_) return json_.fail("'nodes' has more rows than 'node_count' says");
      if (row[node_type_] >= node_types_.size()) return json_.fail("a node of an unknown type");
      if (!text_index(row[node_name_])) return json_.fail("a node's name is no string of the file");
      if (row[node_id_] > UINT32_MAX) return json_.fail("a node's id is too large");
      constexpr uint64_t kMostBytes = uint64_t{1} << 62;
      if (row[node_size_] > kMostBytes - bytes) return json_.fail("a node's size is too large");
      if (row[node_edges_] > edge_count_ - edges) {
        return json_.fail("nodes have more edges than 'edge_count' says");
      }
      bytes += row[node_size_];
      edges += row[node_edges_];
      const NodeType type = node_types_[row[node_type_]];
      graph_.types.push_back(type);
      graph_.names.push_back(static_cast<uint32_t>(row[node_name_]));
      graph_.ids.push_back(static_cast<uint32_t>(row[node_id_]));
      if (row[node_size_] >= UINT32_MAX) graph_.large_sizes[node] = row[node_size_];
      graph_.sizes.push_back(
          static_cast<uint32_t>(std::min<uint64_t>(row[node_size_], UINT32_MAX)));
      graph_.edge_begins.push_back(static_cast<EdgeIndex>(edges));
      if (type != NodeType::kString) want(row[node_name_]);
      return true;
    };
    if (!rows(node_fields_, bits({node_type_, node_name_, node_id_, node_size_, node_edges_}),
              "nodes", take)) {
      return false;
    }
    if (graph_.types.size() != node_count_) {
      return json_.fail("'nodes' has " + std::to_string(graph_.types.size()) +
                        " rows, 'node_count' says " + std::to_string(node_count_));
    }
    if (edges != edge_count_) {
      return json_.fail("nodes have " + std::to_string(edges) + " edges, 'edge_count' says " +
                        std::to_string(edge_count_));
    }
    return true;
  }

  bool edges() {
    graph_.edge_types.reserve(edge_count_);
    graph_.edge_names.reserve(edge_count_);
    graph_.edge_targets.reserve(edge_count_);
    const uint64_t fields = node_fields_.size();
    const auto take = [&](const std::array<uint64_t, kMostFields>& row) {
      if (graph_.edge_types.size() >= edge_count_) {
        return json_.fail("'edges' has more rows than 'edge_count' says");
      }
      if (row[edge_type_] >= edge_types_.size()) return json_.fail("an edge of an unknown type");
      const EdgeType type = edge_types_[row[edge_type_]];
      const bool named = type != EdgeType::kElement && type != EdgeType::kHidden;
      if (named && !text_index(row[edge_name_])) {
        return json_.fail("an edge's name is no string of the file");
      }
      if (row[edge_target_] % fields != 0 || row[edge_target_] / fields >= node_count_) {
        return json_.fail("an edge leads to no node");
      }
      graph_.edge_types.push_back(type);
      graph_.edge_names.push_back(
          static_cast<uint32_t>(std::min<uint64_t>(row[edge_name_], UINT32_MAX)));
      graph_.edge_targets.push_back(static_cast<NodeIndex>(row[edge_target_] / fields));
      if (named) want(row[edge_name_]);
      return true;
    };
    if (!rows(edge_fields_, bits({edge_type_, edge_name_, edge_target_}), "edges", take)) {
      return false;
    }
    if (graph_.edge_types.size() != edge_count_) {
      return json_.fail("'edges' has " + std::to_string(graph_.edge_types.size()) +
                        " rows, 'edge_count' says " + std::to_string(edge_count_));
    }
    return true;
  }

  bool locations() {
    const uint64_t fields = node_fields_.size();
    const auto take = [&](const std::array<uint64_t, kMostFields>& row) {
      if (row[location_node_] % fields != 0 || row[location_node_] / fields >= node_count_) {
        return json_.fail("a location belongs to no node");
      }
      const auto small = [](uint64_t value) {
        return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX - 1));
      };
      graph_.locations.push_back({static_cast<NodeIndex>(row[location_node_] / fields),
                                  small(row[location_script_]), small(row[location_line_]),
                                  small(row[location_column_])});
      return true;
    };
    return rows(location_fields_, bits({location_node_}), "locations", take);
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
    for (NodeIndex node = 0; node < graph_.node_count(); ++node) {
      if (graph_.names[node] >= texts) {
        return refuse("node " + std::to_string(node) + " has name " +
                      std::to_string(graph_.names[node]) + ", but there are only " +
                      std::to_string(texts) + " strings");
      }
    }
    for (EdgeIndex edge = 0; edge < graph_.edge_count(); ++edge) {
      if (graph_.is_named(edge) && graph_.edge_names[edge] >= texts) {
        return refuse("edge " + std::to_string(edge) + " has name " +
                      std::to_string(graph_.edge_names[edge]) + ", but there are only " +
                      std::to_string(texts) + " strings");
      }
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
  uint64_t node_count_ = 0, edge_count_ = 0;
  Words node_fields_, edge_fields_, location_fields_;
  size_t node_type_ = 0, node_name_ = 0, node_id_ = 0, node_size_ = 0, node_edges_ = 0;
  size_t edge_type_ = 0, edge_name_ = 0, edge_target_ = 0;
  size_t location_node_ = 0, location_script_ = 0, location_line_ = 0, location_column_ = 0;
  std::vector<NodeType> node_types_;
  std::vector<EdgeType> edge_types_;
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
