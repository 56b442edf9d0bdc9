// SPDX-License-Identifier: Apache-2.0
//
// An object's shortest path from the roots in words, and from it the object's name: what a person
// would call it in the source, "cache" or "server.sessions", and the file where that is.

#ifndef SILT_SYMBOLIZER_HEAP_PATHS_H_
#define SILT_SYMBOLIZER_HEAP_PATHS_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/heap/heap_report.h"
#include "symbolizer/heap/naming.h"
#include "symbolizer/heap/reach.h"

namespace silt::heap {

class PathText {
 public:
  // `hide_keys`: keys of an object that serves as a table are not said, since they may be anybody's
  // names.
  PathText(const Graph& graph, const Reach& reach, Words& words, bool hide_keys = false);

  // Fills in name, what, place and path.
  void describe(NodeIndex node, Finding& finding) const;
  // The labels of the steps between `node` and `entry` below it, entries left out: "table".
  std::vector<std::string> inside(NodeIndex node, NodeIndex entry) const;
  std::string place_of(NodeIndex node) const { return naming_.place_of(node); }

 private:
  struct Way {
    NodeIndex from;
    EdgeIndex edge;
    NodeIndex to;
  };
  std::vector<Way> shortest_way(NodeIndex node) const;
  std::vector<Way> named_way(NodeIndex node) const;
  std::string file_of_context(NodeIndex context) const;
  bool is_hidden(NodeIndex from, EdgeIndex edge) const;
  std::string label_of(NodeIndex from, EdgeIndex edge) const;

  const Graph& graph_;
  const Reach& reach_;
  Naming naming_;
  const bool hide_keys_;
  std::unordered_map<NodeIndex, NodeIndex> function_of_;  // of contexts: one that was made there
};

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_PATHS_H_
