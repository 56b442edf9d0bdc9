// SPDX-License-Identifier: Apache-2.0
//
// See path_tree.h.

#include "interposer/owners/path_tree.h"

#include "interposer/base/memory.h"

namespace silt::owners {

bool PathTree::start() {
  paths_ = static_cast<Path*>(base::map_memory(kPaths * sizeof(Path)));
  roots_ = static_cast<format::OwnersRoot*>(base::map_memory(kRoots * sizeof(*roots_)));
  slots_ = static_cast<uint32_t*>(base::map_memory(kSlots * sizeof(uint32_t)));
  if (paths_ == nullptr || roots_ == nullptr || slots_ == nullptr) return false;
  format::OwnersRoot unlisted{};
  unlisted.kind = static_cast<uint32_t>(format::RootKind::kUnlisted);
  unlisted_ = add_root(unlisted);
  return true;
}

PathId PathTree::add_root(const format::OwnersRoot& root, LabelId name) {
  if (root_count_ == kRoots || path_count_ >= kPathsWithWay) {
    full_ = true;
    return unlisted_;
  }
  const PathId path = path_count_++;
  roots_[root_count_] = root;
  paths_[path] = Path{0, root_count_++, 0, 0, {0, name, 0}, 0, 0};
  return path;
}

PathId PathTree::find_or_add(PathId parent, uint32_t stack, Label label, uint32_t most) {
  const uint64_t key = (uint64_t{parent} << 32 | stack) ^
                       (uint64_t{label.type} << 32 | label.name) * 0xff51afd7ed558ccd ^
                       uint64_t { label.more } * 0xc4ceb9fe1a85ec53;
  uint32_t at = static_cast<uint32_t>((key * 0x9e3779b97f4a7c15) >> 40) & (kSlots - 1);
  for (; slots_[at] != 0; at = (at + 1) & (kSlots - 1)) {
    const Path& path = paths_[slots_[at]];
    if (path.parent == parent && path.what == stack && path.label == label) return slots_[at];
  }
  if (path_count_ >= most) return 0;
  const PathId id = path_count_++;
  const auto depth = static_cast<uint16_t>(paths_[parent].depth + 1);
  paths_[id] = Path{parent, stack, depth, 0, label, 0, 0};
  slots_[at] = id;
  return id;
}

PathId PathTree::step(PathId parent, track::StackId made_at, Label label) {
  const uint32_t stack = track::index_of(made_at);
  // Back to where this stack was passed before: what is pointed to in circles is one step.
  for (PathId at = parent; paths_[at].depth != 0; at = paths_[at].parent) {
    if (paths_[at].what != stack || paths_[at].label.type != label.type) continue;
    paths_[at].run = 1;
    return at;
  }
  while (paths_[parent].depth >= kDeepest) parent = paths_[parent].parent;
  const PathId found = find_or_add(parent, stack, label, kPathsWithWay);
  if (found != 0) return found;
  full_ = true;
  const PathId without_way = find_or_add(unlisted_, stack, {}, kPaths);
  return without_way != 0 ? without_way : unlisted_;
}

}  // namespace silt::owners
