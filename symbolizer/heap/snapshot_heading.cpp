// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/heap/snapshot_heading.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace silt::heap {
namespace {

using Fields = std::vector<std::string>;

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

class HeadingReader {
 public:
  HeadingReader(JsonStream& json, SnapshotHeading& heading) : json_(json), heading_(heading) {}

  bool read() {
    if (!json_.take('{')) return false;
    std::string key;
    bool has_columns = false;
    for (bool first = true; json_.more('}', first);) {
      if (!json_.read_string(key, kLongestKey) || !json_.take(':')) return false;
      bool good = false;
      if (key == "meta") {
        if (has_columns) return json_.fail("a second 'meta'");
        has_columns = true;
        good = meta();
      } else if (key == "node_count") {
        good = json_.read_unsigned(heading_.node_count);
      } else if (key == "edge_count") {
        good = json_.read_unsigned(heading_.edge_count);
      } else {
        good = json_.skip_value();
      }
      if (!good) return false;
    }
    if (!json_.ok()) return false;
    if (!has_columns) return json_.fail("'snapshot' has no 'meta'");
    if (heading_.node_count == 0) return json_.fail("'node_count' is missing or 0");
    return has_room("node_count", heading_.node_count, heading_.nodes.width) &&
           has_room("edge_count", heading_.edge_count, heading_.edges.width);
  }

 private:
  // The file must have room for what it promises: memory is taken by these counts.
  bool has_room(const char* name, uint64_t count, size_t width) {
    if (count <= kMostItems && count <= room_for_numbers(json_) / width + 1) return true;
    return json_.fail(std::string("'") + name + "' says " + std::to_string(count) +
                      ", more than the file can hold; is it cut short?");
  }

  bool fields(Fields& out) {
    out.clear();
    if (!json_.take('[')) return false;
    for (bool first = true; json_.more(']', first);) {
      if (out.size() >= kMostColumns) return json_.fail("too many names in 'meta'");
      out.emplace_back();
      if (!json_.read_string(out.back(), kLongestKey)) return false;
    }
    return json_.ok();
  }

  // [["hidden", …], "string", …]: the names of the kinds stand where the column "type" does.
  bool kinds(std::vector<Fields>& out) {
    out.clear();
    if (!json_.take('[')) return false;
    for (bool first = true; json_.more(']', first);) {
      if (out.size() >= kMostColumns) return json_.fail("too many columns in 'meta'");
      out.emplace_back();
      if (json_.peek() == '[' ? !fields(out.back()) : !json_.skip_value()) return false;
    }
    return json_.ok();
  }

  // The column called `name`, or an error.
  bool column(const Fields& fields, std::string_view name, const char* section, size_t& index) {
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
    Fields node_fields, edge_fields, location_fields;
    std::vector<Fields> node_kinds, edge_kinds;
    for (bool first = true; json_.more('}', first);) {
      if (!json_.read_string(key, kLongestKey) || !json_.take(':')) return false;
      const bool good = key == "node_fields"       ? fields(node_fields)
                        : key == "edge_fields"     ? fields(edge_fields)
                        : key == "location_fields" ? fields(location_fields)
                        : key == "node_types"      ? kinds(node_kinds)
                        : key == "edge_types"      ? kinds(edge_kinds)
                                                   : json_.skip_value();
      if (!good) return false;
    }
    if (!json_.ok()) return false;
    NodeColumns& nodes = heading_.nodes;
    nodes.width = node_fields.size();
    EdgeColumns& edges = heading_.edges;
    edges.width = edge_fields.size();
    LocationColumns& locations = heading_.locations;
    locations.width = location_fields.size();
    if (!column(node_fields, "type", "node_fields", nodes.type) ||
        !column(node_fields, "name", "node_fields", nodes.name) ||
        !column(node_fields, "id", "node_fields", nodes.id) ||
        !column(node_fields, "self_size", "node_fields", nodes.size) ||
        !column(node_fields, "edge_count", "node_fields", nodes.edges) ||
        !column(edge_fields, "type", "edge_fields", edges.type) ||
        !column(edge_fields, "name_or_index", "edge_fields", edges.name) ||
        !column(edge_fields, "to_node", "edge_fields", edges.target)) {
      return false;
    }
    if (locations.width != 0 &&
        (!column(location_fields, "object_index", "location_fields", locations.node) ||
         !column(location_fields, "script_id", "location_fields", locations.script) ||
         !column(location_fields, "line", "location_fields", locations.line) ||
         !column(location_fields, "column", "location_fields", locations.column))) {
      return false;
    }
    if (node_kinds.size() <= nodes.type || node_kinds[nodes.type].empty() ||
        edge_kinds.size() <= edges.type || edge_kinds[edges.type].empty()) {
      return json_.fail("'meta' does not name the types of nodes and edges");
    }
    for (const std::string& word : node_kinds[nodes.type]) {
      heading_.node_types.push_back(node_type(word));
    }
    for (const std::string& word : edge_kinds[edges.type]) {
      heading_.edge_types.push_back(edge_type(word));
    }
    return true;
  }

  JsonStream& json_;
  SnapshotHeading& heading_;
};

}  // namespace

bool read_snapshot_heading(JsonStream& json, SnapshotHeading& heading) {
  return HeadingReader(json, heading).read();
}

}  // namespace silt::heap
