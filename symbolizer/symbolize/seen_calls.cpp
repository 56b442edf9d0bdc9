// SPDX-License-Identifier: Apache-2.0
//
// See the header. Nodes come after those that they hang on.

#include "symbolizer/symbolize/seen_calls.h"

#include <set>
#include <utility>

namespace silt::symbolize {
namespace {

std::string key_of(const Frame& frame) {
  return frame.function + '\n' + frame.file + '\n' + std::to_string(frame.line);
}

}  // namespace

SeenCalls::SeenCalls(const read::Recording& recording,
                     const std::function<Frame(read::NodeId)>& function) {
  const uint32_t count = number_of(recording.nodes.next());
  std::map<std::string, uint32_t> numbers;
  std::vector<const std::string*> keys{nullptr};
  std::vector<uint32_t> at(count, 0);  // the innermost function down to a node; 0: none
  std::set<std::pair<uint32_t, uint32_t>> seen;
  for (uint32_t i = 1; i < count; ++i) {
    const uint32_t parent = number_of(recording.nodes[read::NodeId{i}].parent);
    const uint32_t caller = parent < i ? at[parent] : 0;
    at[i] = caller;
    Frame frame = function(read::NodeId{i});
    if (frame.kind != FrameKind::kJavaScript || frame.line == 0) continue;
    const auto [known, added] =
        numbers.try_emplace(key_of(frame), static_cast<uint32_t>(keys.size()));
    if (added) keys.push_back(&known->first);
    at[i] = known->second;
    if (caller == 0 || caller == at[i] || !seen.emplace(caller, at[i]).second) continue;
    callees_[*keys[caller]].push_back(std::move(frame));
  }
}

const std::vector<Frame>& SeenCalls::of(const Frame& caller) const {
  static const std::vector<Frame> none;
  const auto known = callees_.find(key_of(caller));
  return known == callees_.end() ? none : known->second;
}

}  // namespace silt::symbolize
