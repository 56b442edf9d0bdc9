// SPDX-License-Identifier: Apache-2.0
//
// Names as V8 gives them, in words for people; see the header.

#include "symbolizer/heap/naming.h"

#include <algorithm>

namespace silt::heap {
namespace {

constexpr size_t kTypes = static_cast<size_t>(NodeType::kOther) + 1;

// For types whose names are contents, or V8's own business; "" for the others.
std::string_view word_of(NodeType type) {
  switch (type) {
    case NodeType::kString:
      return "(string)";
    case NodeType::kNumber:
      return "(number)";
    case NodeType::kCode:
      return "(compiled code)";
    case NodeType::kHidden:
      return "(V8's own)";
    case NodeType::kShape:
      return "(object shape)";
    case NodeType::kArray:
    case NodeType::kObject:
    case NodeType::kClosure:
    case NodeType::kNative:
    case NodeType::kSynthetic:
    case NodeType::kOther:
      break;
  }
  return {};
}

}  // namespace

WordId Words::id(std::string_view text) {
  const auto at = ids_.find(text);
  if (at != ids_.end()) return at->second;
  const auto id = static_cast<WordId>(texts_.size());
  texts_.emplace_back(text);
  ids_.emplace(texts_.back(), id);
  return id;
}

Naming::Naming(const Graph& graph, Words& words)
    : graph_(graph),
      words_(words),
      word_of_text_(graph.texts.size() * 2, kNone),
      word_of_type_(kTypes, kNone),
      entry_(words.id(kEntryLabel)),
      key_(words.id(kKeyLabel)) {
  for (size_t type = 0; type < kTypes; ++type) {
    const std::string_view word = word_of(static_cast<NodeType>(type));
    if (!word.empty()) word_of_type_[type] = words.id(word);
  }
  find_scripts();
}

NodeIndex Naming::follow(NodeIndex from, std::string_view label) const {
  const EdgeIndex begin = graph_.edges_begin(from);
  const EdgeIndex end = begin + std::min(kMostLookedAt, graph_.edges_end(from) - begin);
  for (EdgeIndex edge = begin; edge != end; ++edge) {
    if (graph_.edge_types[edge] == EdgeType::kInternal && graph_.edge_name(edge) == label) {
      return graph_.edge_targets[edge];
    }
  }
  return kNone;
}

// Locations know scripts by number; a function's shared part leads to its script, whose name is the
// file's.
void Naming::find_scripts() {
  for (const Location& location : graph_.locations) {
    if (graph_.types[location.node] != NodeType::kClosure) continue;
    if (scripts_.count(location.script) != 0) continue;
    const NodeIndex shared = follow(location.node, "shared");
    if (shared == kNone) continue;
    NodeIndex script = follow(shared, "script");
    if (script == kNone) script = follow(shared, "script_or_debug_info");
    if (script == kNone) continue;
    // A function that is being debugged has its script one step further.
    const NodeIndex further = follow(script, "script");
    scripts_[location.script] = graph_.names[further == kNone ? script : further];
  }
}

std::string Naming::script_of(NodeIndex node) const {
  const Location* location = graph_.location_of(node);
  if (location == nullptr) return {};
  const auto at = scripts_.find(location->script);
  return at == scripts_.end() ? std::string() : std::string(graph_.texts[at->second]);
}

std::string Naming::place_of(NodeIndex node) const {
  std::string script = script_of(node);
  if (script.empty()) return script;
  return script + ":" + std::to_string(uint64_t{graph_.location_of(node)->line} + 1);
}

bool Naming::is_context(NodeIndex node) const {
  return graph_.types[node] == NodeType::kObject && graph_.name_of(node) == "system / Context";
}

std::string Naming::class_text(NodeIndex node) const {
  const NodeType type = graph_.types[node];
  const std::string_view word = word_of(type);
  if (!word.empty()) return std::string(word);
  const std::string_view name = graph_.name_of(node);
  if (type == NodeType::kClosure) return name.empty() ? "(anonymous)" : std::string(name) + "()";
  if (type == NodeType::kArray) return name.empty() ? "(array)" : std::string(name);
  if (name.empty()) return node == kRoot ? "(root)" : "(unnamed)";
  if (is_context(node)) return "closure variables";
  // V8's own that stands for something of the program's: shown_type() in graph.cpp.
  constexpr std::string_view kSystem = "system / ";
  if (name.starts_with(kSystem)) return "(" + std::string(name.substr(kSystem.size())) + ")";
  return std::string(name);
}

WordId Naming::class_of(NodeIndex node) {
  const NodeType type = graph_.types[node];
  if (const WordId word = word_of_type_[static_cast<size_t>(type)]; word != kNone) return word;
  if (type == NodeType::kClosure) {
    const Location* location = graph_.location_of(node);
    std::string key = std::to_string(graph_.names[node]);
    if (location != nullptr) {
      key += ' ' + std::to_string(location->script) + ' ' + std::to_string(location->line);
    }
    const auto [at, is_new] = functions_.try_emplace(std::move(key), 0);
    if (is_new) at->second = words_.id(class_text(node) + '\n' + place_of(node));
    return at->second;
  }
  // Arrays have their own words for texts: "" is another class there.
  WordId& word = word_of_text_[graph_.names[node] * size_t{2} + (type == NodeType::kArray ? 1 : 0)];
  if (word == kNone) word = words_.id(class_text(node));
  return word;
}

bool Naming::is_own_label(NodeIndex from, EdgeIndex edge) const {
  const EdgeType type = graph_.edge_types[edge];
  if (type == EdgeType::kContext || type == EdgeType::kShortcut) return true;
  return type == EdgeType::kProperty &&
         graph_.edges_end(from) - graph_.edges_begin(from) <= kMostProperties;
}

WordId Naming::label_of(NodeIndex from, EdgeIndex edge) {
  if (!graph_.is_named(edge)) return entry_;
  const uint32_t text = graph_.edge_names[edge];
  if (graph_.edge_types[edge] == EdgeType::kInternal) {
    if (graph_.name_kinds[text] == NameKind::kPosition ||
        graph_.name_kinds[text] == NameKind::kEphemeron) {
      return entry_;
    }
  } else if (!is_own_label(from, edge)) {
    return key_;
  }
  return words_.id(graph_.texts[text]);
}

std::string Naming::label_text(NodeIndex from, EdgeIndex edge) const {
  if (graph_.types[from] == NodeType::kSynthetic) return {};  // the how-manieth root it is
  if (graph_.edge_types[edge] == EdgeType::kElement) {
    return "[" + std::to_string(graph_.edge_names[edge]) + "]";
  }
  if (!graph_.is_named(edge)) return std::string(kEntryLabel);
  const uint32_t text = graph_.edge_names[edge];
  if (graph_.name_kinds[text] == NameKind::kEphemeron) return "(WeakMap value)";
  if (graph_.edge_types[edge] == EdgeType::kInternal &&
      graph_.name_kinds[text] == NameKind::kPosition) {
    return std::string(kEntryLabel);
  }
  return std::string(graph_.texts[text]);
}

}  // namespace silt::heap
