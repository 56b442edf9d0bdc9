// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/known_frames.h"

#include <optional>

namespace silt::top {
namespace {

std::string key_of(const read::Module& module) {
  std::string key = module.path;
  key += '\0';
  key.append(module.build_id.begin(), module.build_id.end());
  return key;
}

}  // namespace

report::Names KnownFrames::names_of(const read::Recording& recording,
                                    symbolize::Symbolizer& symbolizer) {
  report::Names names = report::names_of(symbolizer);
  names.node_frames = [this, &recording,
                       &symbolizer](read::NodeId node) -> const symbolize::FrameList& {
    return frames_of(recording, symbolizer, node);
  };
  names.variables = {};
  names.functions = {};
  return names;
}

const symbolize::FrameList& KnownFrames::frames_of(const read::Recording& recording,
                                                   symbolize::Symbolizer& symbolizer,
                                                   read::NodeId node) {
  const std::optional<uint32_t> module = symbolizer.module_of(node);
  // Without a build-id a file that was replaced looks like the one before.
  if (!module || recording.modules[*module].build_id.empty()) return symbolizer.node_frames(node);
  const read::Module& holder = recording.modules[*module];
  ByAddress& known = by_module_[key_of(holder)];
  const uint64_t address = recording.nodes[node].pc - holder.load_bias;
  const auto at = known.find(address);
  if (at != known.end()) return at->second;
  ++size_;
  return known.emplace(address, symbolizer.node_frames(node)).first->second;
}

}  // namespace silt::top
