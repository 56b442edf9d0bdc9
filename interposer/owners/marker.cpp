// SPDX-License-Identifier: Apache-2.0
//
// See marker.h.

#include "interposer/owners/marker.h"

#include "interposer/base/memory.h"

namespace silt::owners {
namespace {

// A page with more pointers in it than this is an array of them: the rest of them are one root. Of
// variables, which have names, only when there are very many.
constexpr uint32_t kRootsInPage = 32;
constexpr uint32_t kExactRoots = uint32_t{1} << 15;

}  // namespace

bool Marker::start() {
  const size_t numbers = blocks_.numbers();
  path_of_ = static_cast<PathId*>(base::map_memory((numbers + 1) * sizeof(PathId)));
  if (path_of_ == nullptr) return false;
  for (unsigned i = 0; i < 2; ++i) {
    queues_[i] = static_cast<Waiting*>(base::map_memory(kQueue * sizeof(Waiting)));
    bits_[i] = static_cast<uint64_t*>(base::map_memory((numbers / 64 + 1) * sizeof(uint64_t)));
    if (queues_[i] == nullptr || bits_[i] == nullptr) return false;
  }
  return true;
}

void Marker::consider_slow(uint64_t value, uint64_t address, PathId path) {
  blocks_.prefetch(value);
  Candidate& slot = ring_[ring_at_];
  ring_at_ = (ring_at_ + 1) % kRing;
  const Candidate oldest = slot;
  slot = Candidate{value, address, path};
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
  if (!blocks_.find(candidate.value, &block) || path_of_[block.number] != 0) return;
  PathId from = candidate.path;
  if (from == 0) {
    if (place_.begins_only && candidate.value != block.begin) return;
    from = path_of_root(candidate.address);
  }
  const PathId path = paths_.step(from, block.stack);
  path_of_[block.number] = path;
  paths_.count(path, block.size);
  push(block, path);
}

PathId Marker::path_of_root(uint64_t address) {
  format::OwnersRoot root{};
  root.kind = static_cast<uint32_t>(place_.kind);
  root.place = place_.place;
  root.address = address;
  if (place_.offset_base != 0) {
    root.offset = static_cast<int64_t>(address) - static_cast<int64_t>(place_.offset_base);
  }
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
                         place_.kind == format::RootKind::kThreadLocal;
  if (roots_in_page_ > kRootsInPage && (!has_names || paths_.root_count() >= kExactRoots)) {
    return page_root_;
  }
  ++roots_in_page_;
  return page_root_ = paths_.add_root(root);
}

void Marker::push(const LiveBlock& block, PathId path) {
  if (block.size < sizeof(uint64_t)) return;
  if (queued_ < kQueue) {
    queues_[next_][queued_++] =
        Waiting{block.begin, block.size < kHuge ? static_cast<uint32_t>(block.size) : kHuge, path};
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

void Marker::follow_block(uint64_t begin, uint64_t size, PathId path) {
  const uint64_t first = (begin + 7) & ~uint64_t{7};
  const uint64_t end = (begin + size) & ~uint64_t{7};
  if (first >= end || !memory_.readable(first, end)) return;
  const auto* const words = reinterpret_cast<const uint64_t*>(first);
  const size_t count = (end - first) / sizeof(uint64_t);
  for (size_t i = 0; i < count; ++i) consider(words[i], 0, path);
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
      if (queue[i].size != kHuge) {
        follow_block(queue[i].begin, queue[i].size, queue[i].path);
        continue;
      }
      LiveBlock block;
      if (blocks_.find(queue[i].begin, &block)) {
        follow_block(block.begin, block.size, queue[i].path);
      }
    }
    if (more) {
      uint64_t* const bits = bits_[current];
      blocks_.visit([&](const LiveBlock& block) {
        if ((bits[block.number / 64] >> block.number % 64 & 1) == 0) return;
        bits[block.number / 64] &= ~(uint64_t{1} << block.number % 64);
        follow_block(block.begin, block.size, path_of_[block.number]);
      });
    }
    settle_all();
  }
}

}  // namespace silt::owners
