// SPDX-License-Identifier: Apache-2.0
//
// One pass over the file's nodes; see the header.

#include "symbolizer/read/runtime_stacks.h"

#include <algorithm>
#include <utility>

namespace silt::read {
namespace {

// A program has some hundred thousand stacks of some fifty frames; most of these are shared.
constexpr uint64_t kMostSteps = uint64_t{1} << 30;
constexpr size_t kMostRuntimeNodes = size_t{1} << 26;
constexpr size_t kMostRuntimeText = size_t{256}
                                    << 20;  // names of frames, each as often as its lines

uint64_t tag_of(uint64_t pc) { return pc & format::kPcTagMask; }

}  // namespace

class WholeStackPass {
 public:
  WholeStackPass(WholeStackMaker& maker, const ByNode<Node>& nodes) : maker_(maker), raw_(nodes) {
    made_.clear();
    result_.nodes = nodes;
    result_.whole.resize(nodes.size());
    for (uint32_t i = 0; i < nodes.size(); ++i) {
      const NodeId id{i};
      result_.whole[id] = id;
      result_.nodes[id].pc = plain_pc(nodes[id].pc);
    }
  }

  bool run() {
    for (uint32_t i = 1; i < raw_.size(); ++i) {
      const NodeId id{i};
      const Node& node = raw_[id];
      if (tag_of(node.pc) == format::kPcPair) {
        result_.whole[id] = whole_of(id);
      } else if (result_.whole[node.parent] != node.parent) {
        result_.whole[id] = child(result_.whole[node.parent], result_.nodes[id].pc, birth(id));
      }
      if (maker_.text_bytes_ > kMostRuntimeText || steps_ > kMostSteps ||
          result_.nodes.size() > kMostRuntimeNodes)
        return false;
    }
    return true;
  }

  WholeStacks take() { return std::move(result_); }

 private:
  struct Piece {
    uint64_t pc;
    uint32_t birth;
  };

  uint32_t birth(NodeId id) const { return raw_[id].birth != 0 ? raw_[id].birth : number_of(id); }

  // Without tags; those of functions lead to a frame.
  uint64_t plain_pc(uint64_t pc) {
    if (tag_of(pc) == format::kPcEvaluator) {
      return std::max(pc & ~format::kPcTagMask, format::kFirstRealPc);
    }
    // Nothing refers to a pair itself: a stack stands for it, which begins like this.
    if (tag_of(pc) == format::kPcPair) return kObjectMarker;
    if (tag_of(pc) != format::kPcFunction) return pc;
    const auto function = static_cast<uint32_t>(pc >> 32 & ((1u << format::kPcFunctionBits) - 1));
    const auto line = static_cast<uint32_t>(pc);
    const auto [at, added] = maker_.frame_index_.try_emplace(
        pc & ~format::kPcFirstOfNative, static_cast<uint32_t>(maker_.frames_.size()));
    if (added) {
      ScriptFrame frame;
      frame.kind = ScriptKind::kPython;
      if (function < maker_.functions_.size()) {
        frame.function = maker_.functions_[function].function;
        frame.file = maker_.functions_[function].file;
        frame.kind = maker_.functions_[function].kind;
        maker_.text_bytes_ += frame.function.size() + frame.file.size();
      }
      frame.line = line;
      maker_.frames_.push_back(std::move(frame));
    }
    return kScriptPc + at->second;
  }

  NodeId child(NodeId parent, uint64_t pc, uint32_t birth) {
    NodeKey key{parent, 0, pc};
    if (maker_.modules_.overlapping() && pc >= format::kFirstRealPc && pc < kScriptPc) {
      key.module = maker_.modules_.find(lookup_address(pc), birth).value_or(UINT32_MAX);
    }
    const NodeId next = result_.nodes.next();
    const NodeId id = made_.add(key, next);
    if (id == next) result_.nodes.push_back({parent, pc, birth});
    return id;
  }

  NodeId whole_of(NodeId id) {
    const Node& pair = raw_[id];
    const NodeId native{static_cast<uint32_t>(pair.pc)};
    pieces_.clear();
    NodeId inner = pair.parent;  // of the runtime's frames, the next one
    bool truncated = false;
    const auto next_of_runtime = [&] {
      while (inner != kRootNode && tag_of(raw_[inner].pc) != format::kPcFunction) {
        truncated =
            truncated || raw_[inner].pc == static_cast<uint64_t>(format::Marker::kTruncated);
        inner = raw_[inner].parent;
      }
      return inner != kRootNode;
    };
    const auto take_run = [&] {
      while (next_of_runtime()) {
        ++steps_;
        const bool first = (raw_[inner].pc & format::kPcFirstOfNative) != 0;
        pieces_.push_back({result_.nodes[inner].pc, 0});
        inner = raw_[inner].parent;
        if (first) return;
      }
    };
    uint64_t missing = 0;
    for (NodeId at = native < id ? native : kRootNode; at != kRootNode; at = raw_[at].parent) {
      ++steps_;
      const uint64_t pc = raw_[at].pc;
      if (tag_of(pc) == format::kPcEvaluator && next_of_runtime()) {
        take_run();
      } else if (raw_[at].parent == kRootNode && pc < format::kFirstRealPc) {
        missing = pc;
      } else if (tag_of(pc) == 0 || tag_of(pc) == format::kPcEvaluator) {
        pieces_.push_back({result_.nodes[at].pc, birth(at)});
      }
    }
    while (next_of_runtime()) take_run();
    if (missing == 0 && truncated) missing = static_cast<uint64_t>(format::Marker::kTruncated);
    NodeId node = missing == 0 ? kRootNode : child(kRootNode, missing, 0);
    for (size_t i = pieces_.size(); i-- > 0;) node = child(node, pieces_[i].pc, pieces_[i].birth);
    const bool object = (pair.pc >> 32 & 1) != 0;
    return object ? child(node, kObjectMarker, birth(id)) : node;
  }

  WholeStackMaker& maker_;
  const ByNode<Node>& raw_;
  WholeStacks result_;
  NodeIndex& made_ = maker_.made_;
  std::vector<Piece> pieces_;  // innermost first
  uint64_t steps_ = 0;
};

Result<WholeStacks> WholeStackMaker::make(const ByNode<Node>& nodes) {
  WholeStackPass pass(*this, nodes);
  if (!pass.run()) return Error{"is corrupt: its stacks are larger than any program's"};
  return pass.take();
}

}  // namespace silt::read
