// SPDX-License-Identifier: Apache-2.0
//
// Whole stacks from their two halves. The file keeps the native stack and the frames of a runtime
// apart (format/snapshot.h); here each pair of them becomes one stack as people read it, with the
// runtime's frames in place of the native frame that runs them. Past this the tree is an ordinary
// one: a frame of a runtime is a node of kScriptPc and more, as those of managed heaps are.

#ifndef SILT_SYMBOLIZER_READ_RUNTIME_STACKS_H_
#define SILT_SYMBOLIZER_READ_RUNTIME_STACKS_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/read/module_index.h"
#include "symbolizer/read/node_index.h"
#include "symbolizer/read/recording.h"

namespace silt::read {

// A function of a runtime as the file names it.
struct RuntimeFunction {
  std::string function;
  std::string file;
  ScriptKind kind = ScriptKind::kPython;
  uint32_t runtime = 0;  // index into the runtimes of its snapshot
};

struct WholeStacks {
  ByNode<Node> nodes;    // the file's, and those made here behind them
  ByNode<NodeId> whole;  // by node of the file: the node that stands for it
};

// For all snapshots of a process, whose functions keep their indices.
class WholeStackMaker {
 public:
  // `functions` and `modules` are the newest snapshot's, and stay where they are.
  WholeStackMaker(const std::vector<RuntimeFunction>& functions, const std::vector<Module>& modules)
      : functions_(functions), modules_(modules) {}

  // `nodes` as a file has them, each parent older than its child.
  Result<WholeStacks> make(const ByNode<Node>& nodes);

  // What the script pcs in all nodes refer to.
  std::vector<ScriptFrame> take_frames() { return std::move(frames_); }

 private:
  friend class WholeStackPass;

  const std::vector<RuntimeFunction>& functions_;
  const ModuleIndex modules_;
  std::vector<ScriptFrame> frames_;
  std::unordered_map<uint64_t, uint32_t> frame_index_;  // by pc
  size_t text_bytes_ = 0;
  NodeIndex made_;  // of one pass; its room is used again
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_RUNTIME_STACKS_H_
