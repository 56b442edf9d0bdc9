// SPDX-License-Identifier: Apache-2.0
//
// Content first to frames, then to nodes, whose parents are always older, then to stacks.

#include "symbolizer/read/script_join.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "symbolizer/read/generations.h"

namespace silt::read {
namespace {

// Of all snapshots of a recording together; programs have some tens of thousands of each.
constexpr size_t kMostScriptText = size_t{256} << 20;
constexpr size_t kMostScriptNodes = size_t{1} << 26;

}  // namespace

size_t ScriptJoin::FrameKeyHash::operator()(const FrameKey& key) const {
  const std::hash<std::string> hash;
  return (hash(key.function) * 31 + hash(key.file)) * 31 + (size_t{key.line} << 20) + key.column;
}

std::vector<uint32_t> ScriptJoin::join_frames(const ScriptHeaps& heaps) {
  std::vector<uint32_t> joined;
  joined.reserve(heaps.frames.size());
  for (const ScriptFrame& frame : heaps.frames) {
    const auto [at, added] =
        frame_index_.try_emplace({frame.function, frame.file, frame.line, frame.column},
                                 static_cast<uint32_t>(frames_.size()));
    if (added) {
      frames_.push_back(frame);
      text_bytes_ += frame.function.size() + frame.file.size();
    }
    joined.push_back(at->second);
  }
  return joined;
}

std::vector<NodeId> ScriptJoin::join_nodes(const ScriptHeaps& heaps,
                                           const std::vector<uint32_t>& frames) {
  std::vector<NodeId> joined(heaps.nodes.size());
  for (size_t id = 1; id < heaps.nodes.size(); ++id) {
    const NodeId parent = joined[heaps.nodes[id].parent];
    const uint32_t frame = frames[heaps.nodes[id].frame];
    const auto [at, added] =
        node_index_.try_emplace(uint64_t{number_of(parent)} << 32 | frame,
                                NodeId{static_cast<uint32_t>(nodes_.size() + 1)});
    if (added) nodes_.push_back({parent, kScriptPc + frame});
    joined[id] = at->second;
  }
  return joined;
}

Stack& ScriptJoin::stack_of(NodeId node) {
  const auto [at, added] = stack_index_.try_emplace(node, static_cast<uint32_t>(stacks_.size()));
  if (added) {
    Stack stack;
    stack.id = StackId{number_of(node)};
    stack.leaf = node;
    stack.heap = Heap::kManaged;
    stacks_.push_back(std::move(stack));
  }
  return stacks_[at->second];
}

// By heap, the index of its thread.
std::vector<uint32_t> ScriptJoin::join_threads(const ScriptHeaps& heaps) {
  std::vector<uint32_t> joined;
  for (const format::ManagedHeapEntry& heap : heaps.managed_heaps) {
    const auto [at, added] =
        thread_index_.try_emplace(heap.thread_id, static_cast<uint32_t>(threads_.size()));
    if (added) threads_.push_back({heap.thread_id, 0, true, ""});
    joined.push_back(at->second);
  }
  return joined;
}

bool ScriptJoin::add(uint32_t snapshot, const ScriptHeaps& heaps) {
  size_t text = text_bytes_;
  for (const ScriptType& type : heaps.types) text += type.count.name.size();
  for (const ScriptFrame& frame : heaps.frames) text += frame.function.size() + frame.file.size();
  const size_t nodes = nodes_.size() + heaps.nodes.size();
  if (text > kMostScriptText || nodes > kMostScriptNodes) return false;
  const std::vector<NodeId> joined = join_nodes(heaps, join_frames(heaps));
  const std::vector<uint32_t> threads = join_threads(heaps);
  for (size_t i = 0; i < heaps.rows.size(); ++i) {
    const ScriptRow& row = heaps.rows[i];
    if (row.live_blocks == 0 && row.live_bytes == 0) continue;
    Stack& stack = stack_of(joined[row.node]);
    if (row.managed_heap < threads.size()) {
      if (stack.threads_at != snapshot) stack.threads.clear();
      stack.threads_at = snapshot;
      // Rows ascend by heap: the last share is this thread's, if any is.
      const uint32_t thread = threads[row.managed_heap];
      if (stack.threads.empty() || stack.threads.back().thread != thread)
        stack.threads.push_back({thread, 0});
      stack.threads.back().bytes += static_cast<double>(row.live_bytes);
    }
    std::vector<Sample>& samples = stack.samples;
    if (samples.empty() || samples.back().snapshot != snapshot) {
      samples.emplace_back().snapshot = snapshot;
    }
    Sample& sample = samples.back();
    sample.live_blocks += row.live_blocks;
    sample.live_bytes += row.live_bytes;
    sample.samples = static_cast<uint32_t>(
        std::min<uint64_t>(UINT32_MAX, uint64_t{sample.samples} + row.samples));
    const size_t end =
        i + 1 < heaps.rows.size() ? heaps.rows[i + 1].generations_begin : heaps.generations.size();
    sample.generations.add(heaps.generations.data() + row.generations_begin,
                           end - row.generations_begin);
  }
  for (const ScriptType& type : heaps.types) {
    Stack& stack = stack_of(joined[type.node]);
    if (stack.types_at != snapshot) stack.types.clear();
    stack.types_at = snapshot;
    stack.types.push_back(type.count);
  }
  return true;
}

void ScriptJoin::take(Recording& recording) {
  std::sort(stacks_.begin(), stacks_.end(),
            [](const Stack& a, const Stack& b) { return a.id < b.id; });
  const auto before = static_cast<uint32_t>(recording.nodes.size() - 1);
  for (Stack& stack : stacks_) {
    stack.id = StackId{number_of(stack.id) + before};
    stack.leaf = NodeId{number_of(stack.leaf) + before};
    stack.samples.shrink_to_fit();
    for (ThreadShare& share : stack.threads) {
      share.thread += static_cast<uint32_t>(recording.threads.size());
    }
    recording.stacks.push_back(std::move(stack));
  }
  std::move(threads_.begin(), threads_.end(), std::back_inserter(recording.threads));
  const auto frames_before = static_cast<uint32_t>(recording.script_frames.size());
  for (Node node : nodes_) {
    if (node.parent != kRootNode) node.parent = NodeId{number_of(node.parent) + before};
    node.pc += frames_before;
    recording.nodes.push_back(node);
  }
  std::move(frames_.begin(), frames_.end(), std::back_inserter(recording.script_frames));
}

}  // namespace silt::read
