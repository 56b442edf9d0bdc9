// SPDX-License-Identifier: Apache-2.0
//
// Nodes by content. Reading a recording asks for a node millions of times, so the keys lie side by
// side in the order in which they came, which is mostly the order in which they are asked for, and
// a table of their numbers leads to them.

#ifndef SILT_SYMBOLIZER_READ_NODE_INDEX_H_
#define SILT_SYMBOLIZER_READ_NODE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolizer/read/by_node.h"

namespace silt::read {

// The module matters where another one was loaded at the same addresses later.
struct NodeKey {
  NodeId parent;
  uint32_t module;
  uint64_t pc;
  bool operator==(const NodeKey&) const = default;
};

class NodeIndex {
 public:
  void reserve(size_t nodes);

  // Forgets all nodes; the room for them stays.
  void clear();

  // The id that the key was first added with: `id` itself, if it is new.
  NodeId add(const NodeKey& key, NodeId id);
  // The root: none.
  NodeId find(const NodeKey& key) const;

 private:
  struct Entry {
    NodeKey key;
    NodeId id;
  };

  static uint64_t hash_of(const NodeKey& key);
  void make_slots(size_t count);

  std::vector<Entry> entries_;
  // The hash's high half above the number of the entry, plus one; 0: free.
  std::vector<uint64_t> slots_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_NODE_INDEX_H_
