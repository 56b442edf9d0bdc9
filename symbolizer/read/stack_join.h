// SPDX-License-Identifier: Apache-2.0
//
// From node ids to stacks. Two threads that race may each make a node for the same (parent, pc);
// the join gives all such twins the oldest one's id, so that equal stacks become one, and collects
// the samples of each stack snapshot by snapshot.

#ifndef SILT_SYMBOLIZER_READ_STACK_JOIN_H_
#define SILT_SYMBOLIZER_READ_STACK_JOIN_H_

#include <cstdint>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

class StackJoin {
 public:
  // `nodes` and `modules` must outlive the join.
  StackJoin(const std::vector<Node>& nodes, const std::vector<Module>& modules);

  // Adds one snapshot's rows, whose nodes must all be known. Snapshots come in ascending order.
  void add(uint32_t snapshot, const StackRows& rows);

  // The joined stacks, ascending by id.
  std::vector<Stack> take();

 private:
  Stack& stack_of(uint32_t node);

  const std::vector<Node>& nodes_;
  std::vector<uint32_t> oldest_twin_;  // by node
  std::vector<Missing> missing_;       // by node
  std::vector<uint32_t> stack_index_;  // by oldest twin; kNoStack where there is none yet
  std::vector<Stack> stacks_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_STACK_JOIN_H_
