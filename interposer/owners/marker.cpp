// SPDX-License-Identifier: Apache-2.0
//
// See marker.h.

#include "interposer/owners/marker.h"

#include "interposer/base/memory.h"

namespace silt::owners {
namespace {

// A page with more pointers in it than this is an array of them: the rest of them are one root. Of
// variables and of functions, which have names, only when there are very many.
constexpr uint32_t kRootsInPage = 32;
constexpr uint32_t kExactRoots = uint32_t{1} << 15;

}  // namespace

bool Marker::start(const BlockIndex* objects) {
  objects_ = objects;
  object_base_ = blocks_.numbers();
  const size_t numbers = size_t{blocks_.numbers()} + (objects == nullptr ? 0 : objects->numbers());
  if (numbers > UINT32_MAX - 64) return false;
  variables_ = static_cast<PathId*>(base::map_memory(Labels::kMost * sizeof(PathId)));
  if (variables_ == nullptr) return false;
  path_of_ = static_cast<PathId*>(base::map_memory((numbers + 1) * sizeof(PathId)));
  if (path_of_ == nullptr) return false;
  for (unsigned i = 0; i < 2; ++i) {
    queues_[i] = static_cast<Waiting*>(base::map_memory(kQueue * sizeof(Waiting)));
    bits_[i] = static_cast<uint64_t*>(base::map_memory((numbers / 64 + 1) * sizeof(uint64_t)));
    if (queues_[i] == nullptr || bits_[i] == nullptr) return false;
  }
  return true;
}

bool Marker::find(uint64_t value, LiveBlock* block, bool* is_object) const {
  *is_object = false;
  if (blocks_.find(value, block)) return true;
  if (objects_ == nullptr || !objects_->find(value, block)) return false;
  block->number += object_base_;
  *is_object = true;
  return true;
}

// Blocks, then objects, by ascending number.
template <typename Visit>
void Marker::visit_all(Visit&& visit) const {
  blocks_.visit(visit);
  if (objects_ == nullptr) return;
  objects_->visit([&](LiveBlock object) {
    object.number += object_base_;
    visit(object);
  });
}

void Marker::consider_slow(uint64_t value, uint64_t address, PathId path, LabelId name) {
  if (blocks_.may_hold(value)) blocks_.prefetch(value);
  if (objects_ != nullptr && objects_->may_hold(value)) objects_->prefetch(value);
  Candidate& slot = ring_[ring_at_];
  ring_at_ = (ring_at_ + 1) % kRing;
  const Candidate oldest = slot;
  slot = Candidate{value, address, path, name};
  if (oldest.value != 0) settle(oldest);
}

void Marker::settle_all() {
  for (size_t i = 0; i < kRing; ++i) {
    Candidate& slot = ring_[(ring_at_ + i) % kRing];
    const Candidate candidate = slot;
    slot.value = 0;
    if (candidate.value != 0) settle(candidate);
  }
}

void Marker::settle(const Candidate& candidate) {
  LiveBlock block;
  bool is_object;
  if (!find(candidate.value, &block, &is_object) || path_of_[block.number] != 0) return;
  PathId from = candidate.path;
  if (from == 0) {
    if (place_.begins_only && candidate.value != block.begin) return;
    if (place_.no_objects && is_object) return;
    from = path_of_root(candidate.address);
  }
  push(block, mark(block, is_object, from, candidate.name));
}

PathId Marker::mark(const LiveBlock& block, bool is_object, PathId from, LabelId name) {
  Label label{0, name, 0};
  if (is_object) {
    label.type = object_kinds.type_of(block);
    if (label.type != 0 && object_kinds.more_of != nullptr) {
      label.more = object_kinds.more_of(block);
    }
  }
  const PathId path = paths_.step(from, block.stack, label);
  path_of_[block.number] = path;
  paths_.count(path, block.size);
  return path;
}

PathId Marker::path_of_variable(LabelId name) {
  PathId& root = variables_[name];
  if (root == 0) {
    format::OwnersRoot place{};
    place.kind = static_cast<uint32_t>(format::RootKind::kObject);
    root = paths_.add_root(place, name);
  }
  return root;
}

Kept Marker::variables() {
  return {[](void* to, uint64_t address, LabelId name) {
            auto& marker = *static_cast<Marker*>(to);
            LiveBlock block;
            bool is_object;
            if (!marker.may_hold(address) || !marker.find(address, &block, &is_object) ||
                marker.path_of_[block.number] != 0) {
              return;
            }
            const PathId root = marker.path_of_variable(name);
            marker.push(block, marker.mark(block, is_object, root, 0));
          },
          [](void* to, uint64_t data, LabelId name) {
            auto& marker = *static_cast<Marker*>(to);
            LiveBlock block;
            bool is_object;
            if (marker.may_hold(data) && marker.find(data, &block, &is_object) &&
                marker.path_of_[block.number] == 0) {
              marker.mark(block, is_object, marker.path_of_variable(name), 0);
            }
          },
          this};
}

PathId Marker::add_root(format::RootKind kind, uint32_t place) {
  format::OwnersRoot root{};
  root.kind = static_cast<uint32_t>(kind);
  root.place = place;
  return paths_.add_root(root);
}

void Marker::adopt(const LiveBlock& object, PathId root) {
  LiveBlock block = object;
  block.number += object_base_;
  if (path_of_[block.number] == 0) push(block, mark(block, true, root, 0));
}

void Marker::adopt_block(const LiveBlock& block, PathId root) {
  if (path_of_[block.number] == 0) push(block, mark(block, false, root, 0));
}

PathId Marker::path_of_root(uint64_t address) {
  format::OwnersRoot root{};
  root.kind = static_cast<uint32_t>(place_.kind);
  root.place = place_.place;
  root.address = address;
  if (place_.offset_base != 0) {
    root.offset = static_cast<int64_t>(address) - static_cast<int64_t>(place_.offset_base);
  }
  if (place_.frames != nullptr) root.pc = place_.frames->pc_of(address);
  if (place_.shared != nullptr) {
    if (*place_.shared == 0) *place_.shared = paths_.add_root(root);
    return *place_.shared;
  }
  const uint64_t page = address / base::kPageSize;
  if (page != page_) {
    page_ = page;
    roots_in_page_ = 0;
  }
  const bool has_names = place_.kind == format::RootKind::kData ||
                         place_.kind == format::RootKind::kThreadLocal ||
                         place_.kind == format::RootKind::kStack;
  if (roots_in_page_ > kRootsInPage && (!has_names || paths_.root_count() >= kExactRoots)) {
    return page_root_;
  }
  ++roots_in_page_;
  return page_root_ = paths_.add_root(root);
}

void Marker::push(const LiveBlock& block, PathId path) {
  if (block.size < sizeof(uint64_t)) return;
  if (queued_ < kQueue) {
    const bool plain = block.number < object_base_ && block.size < kAsk;
    queues_[next_][queued_++] =
        Waiting{block.begin, plain ? static_cast<uint32_t>(block.size) : kAsk, path};
    return;
  }
  overflowed_ = true;
  bits_[next_][block.number / 64] |= uint64_t{1} << block.number % 64;
}

void Marker::roots(const RootPlace& place, uint64_t address, const uint64_t* words, size_t count) {
  place_ = place;
  page_ = UINT64_MAX;
  for (size_t i = 0; i < count; ++i) consider(words[i], address + i * sizeof(uint64_t), 0);
  settle_all();
  root_bytes_ += count * sizeof(uint64_t);
}

void Marker::follow_words(uint64_t begin, uint64_t size, PathId path) {
  const uint64_t first = (begin + 7) & ~uint64_t{7};
  const uint64_t end = (begin + size) & ~uint64_t{7};
  if (first >= end || !memory_.readable(first, end)) return;
  const auto* const words = reinterpret_cast<const uint64_t*>(first);
  const size_t count = (end - first) / sizeof(uint64_t);
  for (size_t i = 0; i < count; ++i) consider(words[i], 0, path);
}

void Marker::follow_block(const LiveBlock& block, PathId path) {
  if (block.number < object_base_) return follow_words(block.begin, block.size, path);
  struct Whom {
    Marker* marker;
    PathId object;
    PathId from;
  } whom{this, path, path};
  const Kept kept{[](void* to, uint64_t address, LabelId name) {
                    const Whom& whom = *static_cast<Whom*>(to);
                    whom.marker->consider(address, 0, whom.from, name);
                  },
                  [](void* to, uint64_t data, LabelId name) {
                    Whom& whom = *static_cast<Whom*>(to);
                    Marker& marker = *whom.marker;
                    whom.from = whom.object;
                    LiveBlock block;
                    bool is_object;
                    if (marker.may_hold(data) && marker.find(data, &block, &is_object) &&
                        marker.path_of_[block.number] == 0) {
                      whom.from = marker.mark(block, is_object, whom.object, name);
                    }
                  },
                  &whom};
  const ObjectKinds::Words rest = object_kinds.visit(block, kept);
  if (rest.begin < rest.end && rest.end <= block.size) {
    follow_words(block.begin + rest.begin, rest.end - rest.begin, path);
  }
}

void Marker::follow() {
  while (queued_ > 0 || overflowed_) {
    const unsigned current = next_;
    const size_t count = queued_;
    const bool more = overflowed_;
    next_ = 1 - current;
    queued_ = 0;
    overflowed_ = false;
    const Waiting* const queue = queues_[current];
    for (size_t i = 0; i < count; ++i) {
      if (i + kRing < count) __builtin_prefetch(reinterpret_cast<void*>(queue[i + kRing].begin));
      if (queue[i].size != kAsk) {
        follow_words(queue[i].begin, queue[i].size, queue[i].path);
        continue;
      }
      LiveBlock block;
      bool is_object;
      if (find(queue[i].begin, &block, &is_object)) follow_block(block, queue[i].path);
    }
    if (more) {
      uint64_t* const bits = bits_[current];
      visit_all([&](const LiveBlock& block) {
        if ((bits[block.number / 64] >> block.number % 64 & 1) == 0) return;
        bits[block.number / 64] &= ~(uint64_t{1} << block.number % 64);
        follow_block(block, path_of_[block.number]);
      });
    }
    settle_all();
  }
}

}  // namespace silt::owners
