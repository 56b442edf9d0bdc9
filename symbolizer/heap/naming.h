// SPDX-License-Identifier: Apache-2.0
//
// Words for what is in a heap: the class of an object, the label of a reference, the script and
// line of a function. They are numbered across snapshots, so that those of two can be compared.

#ifndef SILT_SYMBOLIZER_HEAP_NAMING_H_
#define SILT_SYMBOLIZER_HEAP_NAMING_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "symbolizer/heap/graph.h"

namespace silt::heap {

using WordId = uint32_t;

// One number for each text.
class Words {
 public:
  WordId id(std::string_view text);
  const std::string& operator[](WordId id) const { return texts_[id]; }

 private:
  std::deque<std::string> texts_;  // never move
  std::unordered_map<std::string_view, WordId> ids_;
};

// Labels that stand for many.
inline constexpr std::string_view kEntryLabel = "[]";   // of an array, a Map, a Set
inline constexpr std::string_view kKeyLabel = "[key]";  // of an object that serves as a table
// Objects with more references have keys, not properties: nobody writes so many by hand.
inline constexpr size_t kMostProperties = 100;

// References of a function or a scope that are looked at for one of a name: they have some ten, and
// a file that gives one a million, and asks a million times, shall not take for ever.
inline constexpr uint32_t kMostLookedAt = 4096;

class Naming {
 public:
  Naming(const Graph& graph, Words& words);

  // "Map", "onEvent()" with its place, "(string)". Functions of one name in two places are two.
  WordId class_of(NodeIndex node);
  WordId label_of(NodeIndex from, EdgeIndex edge);
  // Whether the label is that of a variable or a property, and not of one entry among many.
  bool is_own_label(NodeIndex from, EdgeIndex edge) const;

  // As a person would call it, without its place.
  std::string class_text(NodeIndex node) const;
  // The name of this very reference, "" for entries without one.
  std::string label_text(NodeIndex from, EdgeIndex edge) const;
  // "/srv/app.js:12" of a function, or of what an object's constructor is; "" when unknown.
  std::string place_of(NodeIndex node) const;
  // "/srv/app.js" of the same.
  std::string script_of(NodeIndex node) const;
  bool is_context(NodeIndex node) const;

 private:
  void find_scripts();
  NodeIndex follow(NodeIndex from, std::string_view label) const;

  const Graph& graph_;
  Words& words_;
  std::unordered_map<uint32_t, uint32_t> scripts_;     // id → text
  std::vector<WordId> word_of_text_;                   // of classes and labels
  std::vector<WordId> word_of_type_;                   // of types without names
  std::unordered_map<std::string, WordId> functions_;  // by name, script and line
  WordId entry_, key_;
};

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_NAMING_H_
