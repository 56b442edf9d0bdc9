// SPDX-License-Identifier: Apache-2.0
//
// Each snapshot numbers the frames and stacks of its managed heaps anew: their profiler keeps
// what is live only. The join finds the same place and the same stack again by content. Equal
// stacks of several managed_heaps (a pool of workers) are one stack: one line of the program.

#ifndef SILT_SYMBOLIZER_READ_SCRIPT_JOIN_H_
#define SILT_SYMBOLIZER_READ_SCRIPT_JOIN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

class ScriptJoin {
 public:
  // Adds one snapshot's heaps; snapshots come in ascending order. False, with nothing added, when
  // all snapshots together would need more memory than any program's sources can ask for.
  bool add(uint32_t snapshot, const ScriptHeaps& heaps);

  // Appends nodes, frames and stacks to the recording's own.
  void take(Recording& recording);

 private:
  struct FrameKey {
    std::string function;
    std::string file;
    uint32_t line;
    uint32_t column;
    bool operator==(const FrameKey&) const = default;
  };
  struct FrameKeyHash {
    size_t operator()(const FrameKey& key) const;
  };
  struct NodeHash {
    size_t operator()(uint64_t key) const { return key * 0x9e3779b97f4a7c15 >> 16; }
  };

  std::vector<uint32_t> join_frames(const ScriptHeaps& heaps);
  std::vector<NodeId> join_nodes(const ScriptHeaps& heaps, const std::vector<uint32_t>& frames);
  Stack& stack_of(NodeId node);
  std::vector<uint32_t> join_threads(const ScriptHeaps& heaps);

  size_t text_bytes_ = 0;
  std::unordered_map<FrameKey, uint32_t, FrameKeyHash> frame_index_;
  std::unordered_map<uint64_t, NodeId, NodeHash> node_index_;  // parent << 32 | frame
  std::unordered_map<NodeId, uint32_t> stack_index_;
  std::vector<ScriptFrame> frames_;
  std::vector<Node> nodes_;  // the first has the id 1, until they come behind the recording's own
  std::vector<Stack> stacks_;
  std::unordered_map<uint32_t, uint32_t> thread_index_;
  std::vector<Thread> threads_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_SCRIPT_JOIN_H_
