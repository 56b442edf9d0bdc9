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
#include <vector>

#include "symbolizer/read/module_index.h"
#include "symbolizer/read/node_index.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

class StackJoin {
 public:
  // `nodes` are the newest snapshot's, and keep their ids. `modules` are the newest's, too.
  StackJoin(std::vector<Node> nodes, const std::vector<Module>& modules);

  const std::vector<Node>& nodes() const { return nodes_; }

  // The joined ids of another snapshot's nodes, by its own; those that were not known are added.
  // Nothing when all snapshots together have more nodes than any program.
  std::optional<std::vector<uint32_t>> join(const std::vector<Node>& nodes);

  // Adds one snapshot's rows; `joined` leads from its nodes to joined ones; empty where the ids are
  // the newest's. Snapshots come in ascending order.
  void add(uint32_t snapshot, const StackRows& rows, const std::vector<uint32_t>& joined);

  // The id that a stack at this joined node has.
  uint32_t stack_id(uint32_t node) const { return oldest_twin_[node]; }

  // The joined stacks, ascending by id, and the nodes. What stacks had allocated when they were
  // folded away in favour of a caller is taken from that caller again (see unfold.h).
  std::vector<Stack> take_stacks();
  std::vector<Node> take_nodes() { return std::move(nodes_); }

 private:
  NodeKey key_of(uint32_t parent, uint64_t pc, uint32_t birth) const;
  void look_for_twins(uint32_t id);
  Stack& stack_of(uint32_t node);
  uint32_t find_below(uint32_t node, uint64_t pc) const;
  std::vector<uint32_t> runtime_chain(uint32_t node) const;

  const ModuleIndex modules_;
  std::vector<Node> nodes_;
  NodeIndex oldest_;
  std::vector<uint32_t> oldest_twin_;  // by node
  std::vector<Missing> missing_;       // by node
  std::vector<uint32_t> stack_index_;  // by oldest twin; kNoStack where there is none yet
  std::vector<Stack> stacks_;
  std::vector<bool> numbered_anew_;  // by snapshot
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_STACK_JOIN_H_
