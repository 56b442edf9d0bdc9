// SPDX-License-Identifier: Apache-2.0
//
// Hashed steps; see the header.

#include "symbolizer/heap/path_tree.h"

namespace silt::heap {

size_t PathTree::Hash::operator()(const Step& step) const {
  uint64_t hash = step.parent * uint64_t{0x9e3779b97f4a7c15};
  hash = (hash ^ (hash >> 29) ^ step.label) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 32) ^ step.cls) * 0x94d049bb133111eb;
  return static_cast<size_t>(hash ^ (hash >> 31));
}

PathId PathTree::child(PathId parent, WordId label, WordId cls) {
  const Step step{parent, label, cls};
  if (Same()(step, last_)) return last_id_;
  PathId id = kNone;
  PathId up = parent;
  for (int round = 0; round < kLongestRound && up != kRootPath; ++round) {
    if (steps_[up].label == label && steps_[up].cls == cls) {
      id = up;
      break;
    }
    up = steps_[up].parent;
  }
  if (id == kNone) {
    const auto [at, is_new] = ids_.try_emplace(step, static_cast<PathId>(steps_.size()));
    if (is_new) steps_.push_back(step);
    id = at->second;
  }
  last_ = step;
  last_id_ = id;
  return id;
}

}  // namespace silt::heap
