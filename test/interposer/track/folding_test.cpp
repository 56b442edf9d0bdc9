// SPDX-License-Identifier: Apache-2.0
//
// Stacks that are folded away while threads make ever new ones: no block ever stands at another
// stack than its own, no count is lost, and the tree stays as small as what is alive needs.

#include "interposer/track/folding.h"

#include <sys/wait.h>
#include <unistd.h>

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

namespace silt::track {
namespace {

constexpr uint64_t kCode = 0x5555'0000'0000;
constexpr uint64_t kHeap = 0x7000'0000'0000;
constexpr uint32_t kOutermost = 4;  // pcs that stacks begin with
constexpr uint32_t kDepth = 6;
// Those from here on have frames of a runtime: the first three pcs are their native stack, the
// first and the last three the runtime's frames; the last kind's blocks are the runtime's own.
constexpr uint32_t kWithRuntime = 2;
constexpr uint32_t kOfRuntime = 3;
constexpr uint32_t kNative = 3;
constexpr uint32_t kMostNodes = kNative + 1 + (kDepth - kNative) + 1;

void start_once() {
  static const bool started = [] {
    recorder.live.set_granule_shift(5);
    recorder.objects.set_granule_shift(4);
    return start_recorder();
  }();
  REQUIRE(started);
}

// Outermost first.
using Path = std::array<uint64_t, kDepth>;

bool has_runtime(const Path& path) { return path[0] - kCode >= kWithRuntime; }
LiveTable& table_of(const Path& path) {
  return path[0] - kCode >= kOfRuntime ? recorder.objects : recorder.live;
}
uint64_t frame_of(uint64_t pc) {
  const auto number = static_cast<uint32_t>(pc - kCode);
  return function_pc(number >> 4, number, false);
}
uint64_t pair_of(const Path& path, StackId native) {
  return pair_pc(native,
                 &table_of(path) == &recorder.objects ? BlockHeap::kRuntime : BlockHeap::kNative);
}

StackId walk(const Path& path) {
  NodeId node = 0;
  if (!has_runtime(path)) {
    for (const uint64_t pc : path) node = recorder.stacks.child(node, pc);
    return node;
  }
  for (uint32_t i = 0; i < kNative; ++i) node = recorder.stacks.child(node, path[i]);
  NodeId inner = recorder.stacks.child(0, frame_of(path[0]));
  for (uint32_t i = kNative; i < kDepth; ++i) {
    inner = recorder.stacks.child(inner, frame_of(path[i]));
  }
  return recorder.stacks.child(inner, pair_of(path, node));
}

// Whether the path to the node is this one, which is given innermost first.
bool leads_to(StackId stack, const std::vector<uint64_t>& pcs) {
  for (const uint64_t expected : pcs) {
    NodeId parent;
    uint64_t pc;
    if (!recorder.stacks.read_node(stack, &parent, &pc) || pc != expected) return false;
    stack = parent;
  }
  return stack == 0;
}

bool is_at(StackId stack, const Path& path) {
  if (!has_runtime(path)) return leads_to(stack, {path.rbegin(), path.rend()});
  NodeId inner;
  uint64_t pc;
  if (!recorder.stacks.read_node(stack, &inner, &pc) || !is_pair(pc) ||
      pc != pair_of(path, native_of(pc))) {
    return false;
  }
  std::vector<uint64_t> frames;
  for (uint32_t i = kDepth; i-- > kNative;) frames.push_back(frame_of(path[i]));
  frames.push_back(frame_of(path[0]));
  return leads_to(inner, frames) && leads_to(native_of(pc), {path[2], path[1], path[0]});
}

// A stack like any other of the program: some come again and again, most never.
Path random_path(std::mt19937_64& random, std::atomic<uint64_t>& news) {
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

Sums counted() {
  Sums sums;
  recorder.counters.read_all(recorder.stacks.id_limit(), [&](StackId id, const Allocated& sum) {
    if (sum.blocks == 0) return;
    NodeId node = id;
    uint64_t pc = 0;
    while (node != 0 && recorder.stacks.read_node(node, &node, &pc)) {
    }
    if ((pc & kTagMask) == kFunctionTag) pc = kCode + (pc & 15);
    if (pc - kCode >= kOutermost) return;
    sums.blocks[pc - kCode] += sum.blocks;
    sums.bytes += sum.bytes;
  });
  return sums;
}

Sums operator-(const Sums& a, const Sums& b) {
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
        if (stack == 0) stack = walk(slot.path);
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

void fold_what_is_quiet() {
  // What gets another's counts is not quiet in the next round.
  for (int i = 0; i < 6; ++i) REQUIRE(folding.round(nullptr));
}

}  // namespace

TEST_CASE("stacks are folded while threads make new ones, and nothing is lost or mixed up") {
  start_once();
  fold_what_is_quiet();
  const Sums before = counted();
  const uint32_t nodes_before = recorder.stacks.in_use();
  Program program;
  std::atomic<int> running{3};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      for (uint32_t part = 0; part < 10; ++part) program.run(i * 100 + part, 3'000);
      running.fetch_sub(1);
    });
  }
  uint32_t rounds = 0;
  uint64_t wrong_sums = 0;
  while (running.load() > 0) {
    if (!folding.round(nullptr)) ++wrong_sums;
    ++rounds;
  }
  for (std::thread& thread : threads) thread.join();

  CHECK(program.wrong.load() == 0);
  CHECK(wrong_sums == 0);
  CHECK(rounds > 0);
  CHECK(program.live_is_right());
  Sums sums = counted() - before;
  for (uint32_t i = 0; i < kOutermost; ++i) CHECK(sums.blocks[i] == program.blocks[i].load());
  CHECK(sums.bytes == program.bytes.load());

  // When all is quiet what is left is what lives, and the callers of that.
  fold_what_is_quiet();
  CHECK(program.live_is_right());
  // Outermost nodes stay, and threads that make the same one at once make one each; those of a
  // runtime have a native stack's and a pair beside them.
  constexpr uint32_t kStay = 3 * kOutermost * 3;
  CHECK(recorder.stacks.in_use() <= nodes_before + program.live() * kMostNodes + kStay);
  sums = counted() - before;
  for (uint32_t i = 0; i < kOutermost; ++i) CHECK(sums.blocks[i] == program.blocks[i].load());
  CHECK(sums.bytes == program.bytes.load());
  CHECK(folding.folded_nodes() > program.news.load() / 2);
  CHECK(recorder.stacks.id_limit() < recorder.stacks.node_count());

  program.free_all();
  fold_what_is_quiet();
  CHECK(recorder.stacks.in_use() <= nodes_before + kStay);
  sums = counted() - before;
  for (uint32_t i = 0; i < kOutermost; ++i) CHECK(sums.blocks[i] == program.blocks[i].load());
}

TEST_CASE("ids are used again: a million stacks one after the other need no more than a few") {
  start_once();
  fold_what_is_quiet();
  const NodeId limit = recorder.stacks.id_limit();
  std::atomic<uint64_t> news{0x4000'0000};
  std::mt19937_64 random(5);
  for (int part = 0; part < 50; ++part) {
    for (int i = 0; i < 2'000; ++i) {
      Path path = random_path(random, news);
      path[1] = kCode + 0x2'0000 + news.fetch_add(1);
      const StackId stack = walk(path);
      REQUIRE(is_at(stack, path));
      REQUIRE(walk(path) == stack);
      recorder.counters.shard(0).add_owned(stack, 1, 10);
    }
    REQUIRE(folding.round(nullptr));
  }
  // Those of one part are quiet after the next: ids for three parts at most.
  CHECK(recorder.stacks.id_limit() <= limit + 3 * 2'000 * kMostNodes);
  CHECK(recorder.stacks.overflowed() == 0);
}

TEST_CASE("what many stacks took at once is given back when they are gone, and comes again") {
  start_once();
  fold_what_is_quiet();
  std::atomic<uint64_t> news{0x5000'0000};
  std::mt19937_64 random(9);
  const Sums before = counted();
  for (int again = 1; again <= 2; ++again) {
    NodeId last = 0;
    for (int i = 0; i < 20'000; ++i) {
      Path path = random_path(random, news);
      path[0] = kCode;
      path[1] = kCode + 0x3'0000 + news.fetch_add(1);
      last = walk(path);
      REQUIRE(is_at(last, path));
      recorder.counters.shard(0).add_owned(last, 1, 10);
    }
    const NodeId limit = recorder.stacks.id_limit();
    const auto pages = [&] {
      uint32_t number = 0;
      for (NodeId id = 0; id < limit; id += CounterShard::kPageStacks) {
        if (recorder.counters.shard(0).has_page_of(id)) ++number;
      }
      return number;
    };
    const uint32_t taken = pages();
    fold_what_is_quiet();
    CHECK(pages() < taken / 4);
    CHECK((counted() - before).blocks[0] == again * 20'000u);
    CHECK((counted() - before).bytes == again * 200'000u);
    NodeId parent;
    uint64_t pc;
    CHECK_FALSE(recorder.stacks.read_node(last, &parent, &pc));
  }
}

TEST_CASE("a mapping's count goes to the caller's mappings, not to its blocks") {
  start_once();
  const NodeId caller = recorder.stacks.child(recorder.stacks.child(0, kCode + 0x77), kCode + 0x78);
  const NodeId leaf = recorder.stacks.child(caller, kCode + 0x79);
  const NodeId marker = recorder.stacks.child(leaf, kMarkerMapping);
  recorder.counters.shard(0).add_owned(marker, 2, 8192);
  recorder.counters.shard(0).add_owned(caller, 1, 10);
  recorder.live.insert(kHeap + 0x10'0000, Block{caller, 0, 10});  // so that it stays
  fold_what_is_quiet();
  const NodeId moved = recorder.stacks.child(caller, kMarkerMapping);
  CHECK(recorder.counters.read(moved).blocks == 2);
  CHECK(recorder.counters.read(moved).bytes == 8192);
  CHECK(recorder.counters.read(caller).blocks == 1);
  recorder.live.take(kHeap + 0x10'0000);
}

TEST_CASE("a thread that stays in a hook holds folding up, and nothing is given back") {
  start_once();
  fold_what_is_quiet();
  const Path path{kCode,          kCode + 0x9001, kCode + 0x9002,
                  kCode + 0x9003, kCode + 0x9004, kCode + 0x9005};
  std::atomic<StackId> in_hand{0};
  std::atomic<bool> go_on{false};
  std::thread other([&] {
    ThreadLocal& local = thread_local_part;
    ThreadState* const state = enter_new_thread(local);
    in_hand.store(walk(path));
    while (!go_on.load()) std::this_thread::yield();
    count(*state, in_hand.load(), 1, 8);
    recorder.live.insert(kHeap + 0x20'0000, Block{in_hand.load(), 0, 8});
    local.mode = Mode::kNew;
    local.state = nullptr;
    give_back_state(*state);
  });
  while (in_hand.load() == 0) std::this_thread::yield();
  const uint64_t folded = folding.folded_nodes();
  for (int i = 0; i < 200; ++i) folding.slice(nullptr);
  CHECK(folding.folded_nodes() == folded);
  go_on.store(true);
  other.join();
  fold_what_is_quiet();
  const Block block = recorder.live.take(kHeap + 0x20'0000);
  CHECK(is_at(block.stack, path));
}

TEST_CASE("a fork between any two slices leaves the child a tree that it can go on with") {
  start_once();
  fold_what_is_quiet();
  Program program;
  program.run(7, 3'000);
  REQUIRE(folding.round(nullptr));
  program.run(8, 3'000);
  for (int slices = 0; slices < 8; ++slices) {
    folding.slice(nullptr);
    prepare_fork();
    const pid_t child = fork();
    if (child == 0) {
      finish_fork_in_child();
      bool right = program.live_is_right();
      for (int i = 0; i < 3; ++i) right = folding.round(nullptr) && right;
      _exit(right && program.live_is_right() && program.wrong.load() == 0 ? 0 : 1);
    }
    finish_fork_in_parent();
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  fold_what_is_quiet();
  CHECK(program.live_is_right());
  program.free_all();
}

}  // namespace silt::track
