// SPDX-License-Identifier: Apache-2.0
//
// What a heap's names and references mean; see the header.

#include "symbolizer/heap/graph.h"

#include <algorithm>
#include <charconv>

namespace silt::heap {
namespace {

// References by which V8 runs an object. Most lead to the built-in objects and from there to
// everything, in a path that explains nothing.
constexpr std::string_view kMachineryNames[] = {
    "back_pointer",
    "boilerplate_description",
    "code",
    "constructor_or_back_pointer",
    "dependent_code",
    "descriptors",
    "feedback_cell",
    "feedback_vector",
    "function_data",
    "initial_map",
    "map",
    "name_or_scope_info",
    "native_context",
    "outer_scope_info",
    "prototype_info",
    "raw_outer_scope_info_or_feedback_metadata",
    "scope_info",
    "script",
    "script_or_debug_info",
    "shared",
    "shared_function_info",
    "transition",
    "transitions",
    "trusted_function_data",
    "untrusted_function_data",
};

constexpr std::string_view kPairBegin = " / part of key (";
constexpr std::string_view kTableBegin = "pair in WeakMap (table @";

}  // namespace

NodeType shown_type(NodeType type, std::string_view name) {
  const bool is_programs = type == NodeType::kHidden &&
                           (name == "system / PromiseReaction" || name == "system / WeakCell");
  return is_programs ? NodeType::kObject : type;
}

NameKind classify_name(std::string_view name) {
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') {
    if (name.find_first_not_of("0123456789") == std::string_view::npos) return NameKind::kPosition;
    if (name.find(kPairBegin) != std::string_view::npos &&
        name.rfind(kTableBegin) != std::string_view::npos) {
      return NameKind::kEphemeron;
    }
    return NameKind::kPlain;
  }
  return std::binary_search(std::begin(kMachineryNames), std::end(kMachineryNames), name)
             ? NameKind::kMachinery
             : NameKind::kPlain;
}

void Texts::add(std::string_view text) {
  bytes_ += text;
  begins_.push_back(bytes_.size());
}

void Texts::shrink() {
  bytes_.shrink_to_fit();
  begins_.shrink_to_fit();
}

uint64_t Graph::large_size(NodeIndex node) const {
  const auto at = large_sizes.find(node);
  return at == large_sizes.end() ? UINT32_MAX : at->second;
}

const Location* Graph::location_of(NodeIndex node) const {
  const auto at =
      std::lower_bound(locations.begin(), locations.end(), node,
                       [](const Location& location, NodeIndex n) { return location.node < n; });
  return at != locations.end() && at->node == node ? &*at : nullptr;
}

bool Graph::is_from_weak_table(NodeIndex from, EdgeIndex edge) const {
  const std::string_view name = texts[edge_names[edge]];
  const size_t begin = name.rfind(kTableBegin);
  if (begin == std::string_view::npos) return false;
  uint32_t id = 0;
  const char* digits = name.data() + begin + kTableBegin.size();
  const auto [end, error] = std::from_chars(digits, name.data() + name.size(), id);
  return error == std::errc() && end != digits && id == ids[from];
}

bool Graph::is_machinery(NodeIndex from, EdgeIndex edge) const {
  const NodeType type = types[from];
  if (type == NodeType::kHidden || type == NodeType::kCode || type == NodeType::kShape) return true;
  if (edge_types[edge] == EdgeType::kInternal) {
    return name_kinds[edge_names[edge]] == NameKind::kMachinery;
  }
  return edge_types[edge] == EdgeType::kProperty && texts[edge_names[edge]] == "__proto__";
}

NodesById::NodesById(const Graph& graph) {
  // V8 numbers objects one after the other, by twos; what lives outside may have any number.
  const size_t direct = graph.node_count() * 4 + 1024;
  uint32_t largest = 0;
  for (const uint32_t id : graph.ids) {
    if (id < direct) largest = std::max(largest, id);
  }
  direct_.assign(size_t{largest} + 1, kNone);
  for (NodeIndex node = 0; node < graph.node_count(); ++node) {
    const uint32_t id = graph.ids[node];
    if (id < direct_.size()) {
      direct_[id] = node;
    } else {
      others_[id] = node;
    }
  }
}

NodeIndex NodesById::find(uint32_t id) const {
  if (id < direct_.size()) return direct_[id];
  const auto at = others_.find(id);
  return at == others_.end() ? kNone : at->second;
}

}  // namespace silt::heap
