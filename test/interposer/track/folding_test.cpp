// SPDX-License-Identifier: Apache-2.0
//
// Stacks that are folded away while threads make ever new ones: no block ever stands at another
// stack than its own, no count is lost, and the tree stays as small as what is alive needs.

#include "interposer/track/folding.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

#include "interposer/track/recorder.h"
#include "test/interposer/track/folding_program.h"

namespace silt::track {
namespace {

using namespace test;

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
  const uint32_t limit = recorder.stacks.id_limit();
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
    StackId last = kNoStack;
    for (int i = 0; i < 20'000; ++i) {
      Path path = random_path(random, news);
      path[0] = kCode;
      path[1] = kCode + 0x3'0000 + news.fetch_add(1);
      last = walk(path);
      REQUIRE(is_at(last, path));
      recorder.counters.shard(0).add_owned(last, 1, 10);
    }
    const uint32_t limit = recorder.stacks.id_limit();
    const auto pages = [&] {
      uint32_t number = 0;
      for (uint32_t id = 0; id < limit; id += CounterShard::kPageStacks) {
        if (recorder.counters.shard(0).has_page_of(StackId{id})) ++number;
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
    CHECK_FALSE(recorder.stacks.read_node(innermost_of(last), &parent, &pc));
  }
}

TEST_CASE("a mapping's count goes to the caller's mappings, not to its blocks") {
  start_once();
  const NodeId caller =
      recorder.stacks.child(recorder.stacks.child(kRoot, kCode + 0x77), kCode + 0x78);
  const NodeId leaf = recorder.stacks.child(caller, kCode + 0x79);
  const NodeId marker = recorder.stacks.child(leaf, kMarkerMapping);
  recorder.counters.shard(0).add_owned(stack_at(marker), 2, 8192);
  recorder.counters.shard(0).add_owned(stack_at(caller), 1, 10);
  recorder.live.insert(kHeap + 0x10'0000, Block{stack_at(caller), 0, 10});  // so that it stays
  fold_what_is_quiet();
  const StackId moved = stack_at(recorder.stacks.child(caller, kMarkerMapping));
  CHECK(recorder.counters.read(moved).blocks == 2);
  CHECK(recorder.counters.read(moved).bytes == 8192);
  CHECK(recorder.counters.read(stack_at(caller)).blocks == 1);
  recorder.live.take(kHeap + 0x10'0000);
}

TEST_CASE("a thread that stays in a hook holds folding up, and nothing is given back") {
  start_once();
  fold_what_is_quiet();
  const Path path{kCode,          kCode + 0x9001, kCode + 0x9002,
                  kCode + 0x9003, kCode + 0x9004, kCode + 0x9005};
  std::atomic<StackId> in_hand{kNoStack};
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
  while (in_hand.load() == kNoStack) std::this_thread::yield();
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
