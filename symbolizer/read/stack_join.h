// SPDX-License-Identifier: Apache-2.0
//
// From node ids to stacks. Each snapshot numbers its nodes anew and has only those that its rows
// need; the join finds a node again by its caller's and its pc. Two threads that race may each make
// a node for the same (parent, pc); the join gives all such twins the oldest one's id, so that
// equal stacks become one, and collects the samples of each stack snapshot by snapshot.

#ifndef SILT_SYMBOLIZER_READ_STACK_JOIN_H_
#define SILT_SYMBOLIZER_READ_STACK_JOIN_H_

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "symbolizer/read/module_index.h"
#include "symbolizer/read/node_index.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

class StackJoin {
 public:
  // `nodes` are the newest snapshot's, and keep their ids. `modules` are the newest's, too.
  StackJoin(ByNode<Node> nodes, const std::vector<Module>& modules);

  const ByNode<Node>& nodes() const { return nodes_; }

  // The joined ids of another snapshot's nodes, by its own; those that were not known are added.
  // Nothing when all snapshots together have more nodes than any program.
  std::optional<ByNode<NodeId>> join(const ByNode<Node>& nodes);

  // Adds one snapshot's rows; `joined` leads from its nodes to joined ones; empty where the ids are
  // the newest's. Snapshots come in ascending order.
  void add(uint32_t snapshot, const StackRows& rows, const ByNode<NodeId>& joined,
           bool with_births = true);
  // Likewise, which threads allocated at these stacks. Of a snapshot whose rows were added.
  void add_threads(uint32_t snapshot, const ThreadRows& threads, const StackRows& rows,
                   const ByNode<NodeId>& joined);
  std::vector<Thread> take_threads() { return std::move(threads_); }
  // How many snapshots there will be, if that is known.
  void expect(uint32_t snapshots) { snapshots_ = snapshots; }

  // The id that a stack at this joined node has.
  StackId stack_id(NodeId node) const { return StackId{number_of(oldest_twin_[node])}; }

  // The joined stacks, ascending by id, and the nodes. What stacks had allocated when they were
  // folded away in favour of a caller is taken from that caller again (see unfold.h).
  std::vector<Stack> take_stacks();
  ByNode<Node> take_nodes() { return std::move(nodes_); }

 private:
  NodeKey key_of(NodeId parent, uint64_t pc, uint32_t birth) const;
  void look_for_twins(NodeId id);
  Stack& stack_of(NodeId node);
  std::vector<uint32_t> join_threads(const std::vector<Thread>& threads);
  NodeId find_below(NodeId node, uint64_t pc) const;
  std::vector<NodeId> runtime_chain(NodeId node) const;

  const ModuleIndex modules_;
  ByNode<Node> nodes_;
  NodeIndex oldest_;
  ByNode<NodeId> oldest_twin_;
  ByNode<Missing> missing_;
  ByNode<uint32_t> stack_index_;  // by oldest twin; kNoStack where there is none yet
  std::vector<Stack> stacks_;
  uint32_t snapshots_ = 0;
  std::unordered_map<uint64_t, uint32_t> thread_index_;  // kThreadRest << 32 | id
  std::vector<Thread> threads_;
  std::vector<bool> numbered_anew_;  // by snapshot
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_STACK_JOIN_H_
