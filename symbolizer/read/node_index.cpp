// SPDX-License-Identifier: Apache-2.0
//
// See node_index.h. Linear probing, at most half full.

#include "symbolizer/read/node_index.h"

#include <algorithm>

namespace silt::read {
namespace {

constexpr size_t kFewestSlots = 1024;

}  // namespace

uint64_t NodeIndex::hash_of(const NodeKey& key) {
  uint64_t hash = key.pc * 0x9e3779b97f4a7c15 ^ number_of(key.parent);
  hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9 ^ key.module;
  return hash ^ (hash >> 32);
}

void NodeIndex::make_slots(size_t count) {
  slots_.assign(count, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    const uint64_t hash = hash_of(entries_[i].key);
    size_t at = hash & (count - 1);
    while (slots_[at] != 0) at = (at + 1) & (count - 1);
    slots_[at] = hash >> 32 << 32 | (i + 1);
  }
}

void NodeIndex::clear() {
  entries_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
}

void NodeIndex::reserve(size_t nodes) {
  entries_.reserve(nodes);
  size_t count = kFewestSlots;
  while (count < 2 * nodes) count *= 2;
  if (count > slots_.size()) make_slots(count);
}

NodeId NodeIndex::add(const NodeKey& key, NodeId id) {
  if (2 * (entries_.size() + 1) > slots_.size()) {
    make_slots(slots_.empty() ? kFewestSlots : 2 * slots_.size());
  }
  const size_t mask = slots_.size() - 1;
  const uint64_t hash = hash_of(key);
  size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    if (slots_[at] >> 32 != hash >> 32) continue;
    const Entry& entry = entries_[static_cast<uint32_t>(slots_[at]) - 1];
    if (entry.key == key) return entry.id;
  }
  entries_.push_back({key, id});
  slots_[at] = hash >> 32 << 32 | entries_.size();
  return id;
}

NodeId NodeIndex::find(const NodeKey& key) const {
  if (slots_.empty()) return kRootNode;
  const size_t mask = slots_.size() - 1;
  const uint64_t hash = hash_of(key);
  for (size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    if (slots_[at] >> 32 != hash >> 32) continue;
    const Entry& entry = entries_[static_cast<uint32_t>(slots_[at]) - 1];
    if (entry.key == key) return entry.id;
  }
  return kRootNode;
}

}  // namespace silt::read
