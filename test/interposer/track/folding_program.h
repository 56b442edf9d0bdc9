// SPDX-License-Identifier: Apache-2.0
//
// A program whose stacks are folded, as the tests of folding play it: threads that do what the
// hooks of malloc, free and realloc do, on stacks of which some come again and most never, with and
// without frames of a runtime, and books of what is true.

#ifndef SILT_TEST_INTERPOSER_TRACK_FOLDING_PROGRAM_H_
#define SILT_TEST_INTERPOSER_TRACK_FOLDING_PROGRAM_H_

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

#include "interposer/track/recorder.h"
#include "interposer/track/runtime_frames.h"
#include "interposer/track/taken_blocks.h"

namespace silt::track::test {

inline constexpr uint64_t kCode = 0x5555'0000'0000;
inline constexpr uint64_t kHeap = 0x7000'0000'0000;
inline constexpr uint32_t kOutermost = 4;  // pcs that stacks begin with
inline constexpr uint32_t kDepth = 6;
// Those from here on have frames of a runtime: the first three pcs are their native stack, the
// first and the last three the runtime's frames; the last kind's blocks are the runtime's own.
inline constexpr uint32_t kWithRuntime = 2;
inline constexpr uint32_t kOfRuntime = 3;
inline constexpr uint32_t kNative = 3;
inline constexpr uint32_t kMostNodes = kNative + 1 + (kDepth - kNative) + 1;

inline void start_once() {
  static const bool started = [] {
    recorder.live.set_granule_shift(5);
    recorder.objects.set_granule_shift(4);
    return start_recorder();
  }();
  REQUIRE(started);
}

// Outermost first.
using Path = std::array<uint64_t, kDepth>;

inline bool has_runtime(const Path& path) { return path[0] - kCode >= kWithRuntime; }
inline LiveTable& table_of(const Path& path) {
  return path[0] - kCode >= kOfRuntime ? recorder.objects : recorder.live;
}
inline uint64_t frame_of(uint64_t pc) {
  const auto number = static_cast<uint32_t>(pc - kCode);
  return function_pc(number >> 4, number, false);
}
inline uint64_t pair_of(const Path& path, StackId native) {
  return pair_pc(native,
                 &table_of(path) == &recorder.objects ? BlockHeap::kRuntime : BlockHeap::kNative);
}

inline StackId walk(const Path& path) {
  NodeId node = kRoot;
  if (!has_runtime(path)) {
    for (const uint64_t pc : path) node = recorder.stacks.child(node, pc);
    return stack_at(node);
  }
  for (uint32_t i = 0; i < kNative; ++i) node = recorder.stacks.child(node, path[i]);
  NodeId inner = recorder.stacks.child(kRoot, frame_of(path[0]));
  for (uint32_t i = kNative; i < kDepth; ++i) {
    inner = recorder.stacks.child(inner, frame_of(path[i]));
  }
  return stack_at(recorder.stacks.child(inner, pair_of(path, stack_at(node))));
}

// Whether the path to the node is this one, which is given innermost first.
inline bool leads_to(NodeId node, const std::vector<uint64_t>& pcs) {
  for (const uint64_t expected : pcs) {
    NodeId parent;
    uint64_t pc;
    if (!recorder.stacks.read_node(node, &parent, &pc) || pc != expected) return false;
    node = parent;
  }
  return node == kRoot;
}

inline bool is_at(StackId stack, const Path& path) {
  if (!has_runtime(path)) return leads_to(innermost_of(stack), {path.rbegin(), path.rend()});
  NodeId inner;
  uint64_t pc;
  if (!recorder.stacks.read_node(innermost_of(stack), &inner, &pc) || !is_pair(pc) ||
      pc != pair_of(path, native_of(pc))) {
    return false;
  }
  std::vector<uint64_t> frames;
  for (uint32_t i = kDepth; i-- > kNative;) frames.push_back(frame_of(path[i]));
  frames.push_back(frame_of(path[0]));
  return leads_to(inner, frames) &&
         leads_to(innermost_of(native_of(pc)), {path[2], path[1], path[0]});
}

// A stack like any other of the program: some come again and again, most never.
inline Path random_path(std::mt19937_64& random, std::atomic<uint64_t>& news) {
  Path path;
  path[0] = kCode + random() % kOutermost;
  const bool again = random() % 4 == 0;
  for (uint32_t i = 1; i < kDepth; ++i) path[i] = kCode + 0x1000 * i + random() % 3;
  if (!again) path[kDepth - 2] = kCode + 0x10'0000 + news.fetch_add(1, std::memory_order_relaxed);
  return path;
}

// What was counted below each outermost pc, and in all.
struct Sums {
  std::array<uint64_t, kOutermost> blocks{};
  uint64_t bytes = 0;
};

inline Sums counted() {
  Sums sums;
  recorder.counters.read_all(recorder.stacks.id_limit(), [&](StackId id, const Allocated& sum) {
    if (sum.blocks == 0) return;
    NodeId node = innermost_of(id);
    uint64_t pc = 0;
    while (node != kRoot && recorder.stacks.read_node(node, &node, &pc)) {
    }
    if ((pc & kTagMask) == kFunctionTag) pc = kCode + (pc & 15);
    if (pc - kCode >= kOutermost) return;
    sums.blocks[pc - kCode] += sum.blocks;
    sums.bytes += sum.bytes;
  });
  return sums;
}

inline Sums operator-(const Sums& a, const Sums& b) {
  Sums difference = a;
  for (uint32_t i = 0; i < kOutermost; ++i) difference.blocks[i] -= b.blocks[i];
  difference.bytes -= b.bytes;
  return difference;
}

struct Slot {
  std::atomic<bool> taken{false};
  bool full = false;
  Path path{};
};

struct Program {
  static constexpr uint32_t kSlots = 512;
  std::unique_ptr<Slot[]> slots = std::make_unique<Slot[]>(kSlots);
  std::atomic<uint64_t> news{0};
  std::atomic<uint64_t> wrong{0};
  std::array<std::atomic<uint64_t>, kOutermost> blocks{};
  std::atomic<uint64_t> bytes{0};

  static uint64_t address(uint32_t slot) { return kHeap + uint64_t{slot} * 64; }

  // What the hooks of malloc, free and realloc do, with a memory of stacks like the real one.
  void run(uint32_t seed, uint32_t operations) {
    ThreadLocal& local = thread_local_part;
    if (local.state == nullptr && enter_new_thread(local) == nullptr) return;
    ThreadState& state = *local.state;
    std::mt19937_64 random(seed);
    struct Hash {
      size_t operator()(const Path& path) const {
        size_t hash = 0;
        for (const uint64_t pc : path) hash = (hash ^ pc) * 0x9e3779b97f4a7c15;
        return hash ^ hash >> 32;
      }
    };
    std::unordered_map<Path, StackId, Hash> memory;
    for (uint32_t i = 0; i < operations; ++i) {
      const auto index = static_cast<uint32_t>(random() % kSlots);
      Slot& slot = slots[index];
      if (slot.taken.exchange(true, std::memory_order_acquire)) continue;
      const auto* const at = reinterpret_cast<const void*>(address(index));
      local.mode = Mode::kInHook;
      if (!slot.full) {
        slot.path = random_path(random, news);
        const uint32_t epoch = recorder.epoch.load(std::memory_order_acquire);
        if (state.epoch.load(std::memory_order_relaxed) != epoch) {
          memory.clear();
          state.epoch.store(epoch, std::memory_order_release);
        }
        StackId& stack = memory[slot.path];
        if (stack == kNoStack) stack = walk(slot.path);
        const uint64_t size = 16 + index % 3;
        count(state, stack, 1, size);
        table_of(slot.path).insert(address(index), Block{stack, 0, size});
        blocks[slot.path[0] - kCode].fetch_add(1, std::memory_order_relaxed);
        bytes.fetch_add(size, std::memory_order_relaxed);
      } else {
        const Taken taken{table_of(slot.path).take(address(index)), SampledBlock{}};
        if (random() % 3 == 0) std::this_thread::yield();
        if (!is_at(taken.exact.stack, slot.path)) wrong.fetch_add(1, std::memory_order_relaxed);
        if (random() % 4 == 0) {
          // A realloc that failed.
          if (&table_of(slot.path) == &recorder.live) {
            restore(at, taken);
          } else {
            restore_object(at, taken);
          }
          slot.full = false;  // undone below
        }
      }
      slot.full = !slot.full;
      local.mode = Mode::kExact;
      slot.taken.store(false, std::memory_order_release);
    }
    local.mode = Mode::kNew;
    local.state = nullptr;
    give_back_state(state);
  }

  uint32_t live() const {
    uint32_t number = 0;
    for (uint32_t i = 0; i < kSlots; ++i) number += slots[i].full ? 1 : 0;
    return number;
  }

  // Every block where it belongs, and nothing else in the table.
  bool live_is_right() {
    uint32_t found = 0;
    recorder.live.scan([&](const Block&) { ++found; });
    recorder.objects.scan([&](const Block&) { ++found; });
    bool right = found == live();
    for (uint32_t i = 0; i < kSlots; ++i) {
      if (!slots[i].full) continue;
      const Block block = table_of(slots[i].path).take(address(i));
      right = right && is_at(block.stack, slots[i].path) && block.size_bytes == 16 + i % 3 &&
              recorder.counters.read(block.stack).blocks >= 1;
      table_of(slots[i].path).insert(address(i), block);
    }
    return right;
  }

  void free_all() {
    for (uint32_t i = 0; i < kSlots; ++i) {
      if (slots[i].full) table_of(slots[i].path).take(address(i));
      slots[i].full = false;
    }
  }
};

}  // namespace silt::track::test

#endif  // SILT_TEST_INTERPOSER_TRACK_FOLDING_PROGRAM_H_
