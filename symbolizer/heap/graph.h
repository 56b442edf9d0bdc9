// SPDX-License-Identifier: Apache-2.0
//
// A JavaScript heap as V8 writes it: objects (nodes), references (edges), and the texts that name
// them, in flat arrays: 17 bytes for each object, 9 for each reference. The reader has checked it
// all: every index is in range, so that what comes after need not ask.
//
//   nodes   edges of node n: [edge_begin[n], edge_begin[n + 1])
//   edges   to[e] is a node; name[e] is a text, or of elements and hidden ones a number

#ifndef SILT_SYMBOLIZER_HEAP_GRAPH_H_
#define SILT_SYMBOLIZER_HEAP_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace silt::heap {

using NodeIndex = uint32_t;
using EdgeIndex = uint32_t;
inline constexpr uint32_t kNone = UINT32_MAX;
inline constexpr NodeIndex kRoot = 0;

enum class NodeType : uint8_t {
  kHidden,  // V8's own
  kArray,   // the memory of an array, a Map, properties; not a JavaScript Array
  kString,  // with concatenated and sliced ones
  kObject,
  kCode,
  kClosure,
  kNumber,     // with bigint and symbol: values
  kNative,     // what lives outside the JavaScript heap
  kSynthetic,  // roots and groups of them
  kShape,      // "object shape": V8's map of an object
  kOther,      // a regexp, and types that are newer than this
};

enum class EdgeType : uint8_t {
  kContext,  // a variable that a closure sees
  kElement,
  kProperty,
  kInternal,
  kHidden,
  kShortcut,  // followed from the root only
  kWeak,      // never followed
  kOther,
};

// As what a node of this type and name is taken. V8 hides what waits for a promise; but the program
// made it, and a promise that is never settled keeps it.
NodeType shown_type(NodeType type, std::string_view name);

// What a text says when it is the name of an internal reference; see classify_name.
enum class NameKind : uint8_t {
  kPlain,
  kPosition,   // a number: an entry of a table
  kMachinery,  // "map", "shared", "code": how V8 runs an object, seldom why it lives
  kEphemeron,  // "part of key … in WeakMap (table @id)"
};
NameKind classify_name(std::string_view name);

// Texts, one after the other. Those that only hold the value of a string are not kept.
class Texts {
 public:
  void add(std::string_view text);
  std::string_view operator[](size_t index) const {
    const uint64_t begin = begins_[index];
    return std::string_view(bytes_).substr(begin, begins_[index + 1] - begin);
  }
  size_t size() const { return begins_.size() - 1; }
  void shrink();

 private:
  std::string bytes_;
  std::vector<uint64_t> begins_ = {0};
};

struct Location {
  NodeIndex node;
  uint32_t script;
  uint32_t line;  // from 0
  uint32_t column;
};

struct Graph {
  std::vector<NodeType> types;
  std::vector<uint32_t> names;  // texts
  std::vector<uint32_t> ids;    // the same object has the same id in later snapshots
  std::vector<uint32_t> sizes;  // of large ones UINT32_MAX, and the truth in large_sizes
  std::unordered_map<NodeIndex, uint64_t> large_sizes;
  std::vector<EdgeIndex> edge_begins;  // one more than nodes

  std::vector<EdgeType> edge_types;
  std::vector<uint32_t> edge_names;
  std::vector<NodeIndex> edge_targets;

  Texts texts;
  std::vector<NameKind> name_kinds;  // of each text
  std::vector<Location> locations;   // by node

  size_t node_count() const { return types.size(); }
  size_t edge_count() const { return edge_targets.size(); }
  EdgeIndex edges_begin(NodeIndex node) const { return edge_begins[node]; }
  EdgeIndex edges_end(NodeIndex node) const { return edge_begins[node + 1]; }
  uint64_t size_of(NodeIndex node) const {
    return sizes[node] != UINT32_MAX ? sizes[node] : large_size(node);
  }
  uint64_t large_size(NodeIndex node) const;
  std::string_view name_of(NodeIndex node) const { return texts[names[node]]; }
  // Whether the name of `edge` is a text.
  bool is_named(EdgeIndex edge) const {
    return edge_types[edge] != EdgeType::kElement && edge_types[edge] != EdgeType::kHidden;
  }
  // "" for one without a text.
  std::string_view edge_name(EdgeIndex edge) const {
    return is_named(edge) ? texts[edge_names[edge]] : std::string_view();
  }
  const Location* location_of(NodeIndex node) const;

  // Whether `edge`, which leaves `from`, keeps its target alive, and counts as doing so: weak
  // references do not, and of a WeakMap's pair the one from its table does not count, since the key
  // alone decides. So does DevTools.
  bool keeps(NodeIndex from, EdgeIndex edge) const {
    const EdgeType type = edge_types[edge];
    if (type == EdgeType::kWeak) return false;
    if (type == EdgeType::kShortcut) return from == kRoot;
    if (type != EdgeType::kInternal) return true;
    return name_kinds[edge_names[edge]] != NameKind::kEphemeron || !is_from_weak_table(from, edge);
  }
  bool is_from_weak_table(NodeIndex from, EdgeIndex edge) const;
  // Whether `edge` is part of how V8 runs things: compiled code, shapes, prototypes.
  bool is_machinery(NodeIndex from, EdgeIndex edge) const;
  // Whether a person would call it an object: no backing store, no compiled code.
  bool is_visible(NodeIndex node) const {
    const NodeType type = types[node];
    return type != NodeType::kArray && type != NodeType::kHidden && type != NodeType::kCode &&
           type != NodeType::kShape && type != NodeType::kSynthetic;
  }
};

// For each node id of a graph its node.
class NodesById {
 public:
  explicit NodesById(const Graph& graph);
  NodeIndex find(uint32_t id) const;

 private:
  std::vector<NodeIndex> direct_;  // small ids, which are nearly all
  std::unordered_map<uint32_t, NodeIndex> others_;
};

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_GRAPH_H_
