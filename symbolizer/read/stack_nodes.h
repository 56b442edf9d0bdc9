// SPDX-License-Identifier: Apache-2.0
//
// The walk along a stack, once for all: from the innermost call outwards over the nodes that stand
// for calls. Markers, which say why a stack is cut or what its blocks are, are no calls.

#ifndef SILT_SYMBOLIZER_READ_STACK_NODES_H_
#define SILT_SYMBOLIZER_READ_STACK_NODES_H_

#include <cstdint>

#include "symbolizer/read/recording.h"

namespace silt::read {

// Whether a node stands for a call: neither the root nor a marker.
inline bool is_call(const Recording& recording, NodeId node) {
  return node != kRootNode && recording.nodes[node].pc >= format::kFirstRealPc;
}

// for (const NodeId node : StackNodes(recording, stack)) …
class StackNodes {
 public:
  struct End {};

  class Iterator {
   public:
    Iterator(const Recording& recording, NodeId node) : recording_(&recording), node_(node) {
      skip_markers();
    }
    NodeId operator*() const { return node_; }
    Iterator& operator++() {
      node_ = recording_->nodes[node_].parent;
      skip_markers();
      return *this;
    }
    bool operator==(End) const { return node_ == kRootNode; }

   private:
    void skip_markers() {
      while (node_ != kRootNode && !is_call(*recording_, node_)) {
        node_ = recording_->nodes[node_].parent;
      }
    }

    const Recording* recording_;
    NodeId node_;
  };

  StackNodes(const Recording& recording, const Stack& stack)
      : recording_(recording), leaf_(stack.leaf) {}
  // The recording must outlive the walk.
  Iterator begin() const { return Iterator(recording_, leaf_); }
  End end() const { return {}; }

 private:
  const Recording& recording_;
  NodeId leaf_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_STACK_NODES_H_
