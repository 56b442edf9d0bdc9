// SPDX-License-Identifier: Apache-2.0
//
// The tree of stacks: one node for one place as long as one thread makes them, the right chain for
// every id whoever races, and other nodes for other code at an old address.

#include "interposer/track/stack_table.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace silt::track {
namespace {

constexpr uint64_t kMarker = 4;
constexpr uint64_t kCode = 0x5555'0000'0000;

std::unique_ptr<StackTable> make() {
  auto table = std::make_unique<StackTable>();
  REQUIRE(table->initialize(kMarker));
  return table;
}

struct Place {
  NodeId parent;
  uint64_t pc;
  NodeId id;
};

bool is_at(StackTable& table, NodeId id, NodeId parent, uint64_t pc) {
  NodeId found_parent{UINT32_MAX};
  uint64_t found_pc = 0;
  return table.read_node(id, &found_parent, &found_pc) && found_parent == parent && found_pc == pc;
}

}  // namespace

TEST_CASE("a new table has the overflow stack and nothing else") {
  auto table = make();
  CHECK(table->node_count() == 2);
  CHECK(is_at(*table, innermost_of(kOverflowStack), kRoot, kMarker));
  CHECK(table->child(kRoot, kMarker) == innermost_of(kOverflowStack));
  CHECK(table->overflowed() == 0);
}

TEST_CASE("nodes that were never made read as not there") {
  auto table = make();
  NodeId parent{7};
  uint64_t pc = 7;
  CHECK_FALSE(table->read_node(NodeId{2}, &parent, &pc));
  CHECK(parent == kRoot);
  CHECK(pc == 0);
  CHECK_FALSE(table->read_node(NodeId{kMaximumNodes}, &parent, &pc));
  CHECK_FALSE(table->read_node(NodeId{UINT32_MAX}, &parent, &pc));
}

TEST_CASE("a million places of one thread are a million nodes, found again after all growths") {
  auto table = make();
  std::mt19937_64 random(10);
  std::vector<Place> places;
  places.push_back({kRoot, kCode, table->child(kRoot, kCode)});
  uint64_t wrong = 0;
  while (places.size() < 1'000'000) {
    const NodeId parent = places[random() % places.size()].id;
    const uint64_t pc = kCode + random() % 4'000'000;
    const uint32_t before = table->node_count();
    const NodeId id = table->child(parent, pc);
    if (table->node_count() == before) continue;  // there already
    wrong += index_of(id) != before ? 1 : 0;
    places.push_back({parent, pc, id});
    // Asked again at once, with another child asked for in between: no growth loses a node.
    wrong += table->child(parent, kCode + 5) == kRoot ? 1 : 0;
    const NodeId next{index_of(id) + 1};
    if (table->node_count() != index_of(next)) places.push_back({parent, kCode + 5, next});
    wrong += table->child(parent, pc) != id ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(table->node_count() == places.size() + 2);
  for (const Place& place : places) {
    wrong += table->child(place.parent, place.pc) != place.id ? 1 : 0;
    wrong += is_at(*table, place.id, place.parent, place.pc) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(table->node_count() == places.size() + 2);
  CHECK(table->overflowed() == 0);
}

TEST_CASE("one function under many callers is found as fast as many functions") {
  // A hash that does not mix the parent into its low bits makes clusters of hundreds.
  const auto time_of = [](bool one_function) {
    auto table = make();
    constexpr unsigned kPlaces = 200'000;
    for (unsigned i = 0; i < kPlaces; ++i) {
      table->child(NodeId{i}, kCode + 0x135 + (one_function ? 0 : 16 * uint64_t{i}));
    }
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < 5; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      for (unsigned i = 0; i < kPlaces; ++i) {
        // Not there: the whole cluster is looked through before that is known.
        table->child(innermost_of(kOverflowStack), kCode + 0x200'0000 + 64 * uint64_t{i % 7});
        table->child(NodeId{i}, kCode + 0x135 + (one_function ? 0 : 16 * uint64_t{i}));
      }
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
    }
    return static_cast<double>(best.count()) / kPlaces;
  };
  const double many = time_of(false);
  const double one = time_of(true);
  INFO("ns a place: " << many << " with many functions, " << one << " with one");
  // Looking through a cluster of all of them takes a thousand times as long; a busy machine, some.
  CHECK(one < many * 20);
}

TEST_CASE("threads that make the same stacks at once all get ids with the right chain") {
  auto table = make();
  constexpr int kThreads = 4;
  constexpr int kStacks = 30'000;
  constexpr int kDepth = 12;
  const auto pc_of = [](int stack, int depth) {
    // Stacks share their outer frames.
    return kCode + 100'000 * static_cast<unsigned>(depth) +
           static_cast<unsigned>(stack >> (kDepth - 1 - depth));
  };
  std::vector<std::vector<NodeId>> leaves(kThreads, std::vector<NodeId>(kStacks));
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      ready.fetch_add(1);
      while (ready.load() != kThreads) std::this_thread::yield();
      for (int i = 0; i < kStacks; ++i) {
        const int stack = t % 2 == 0 ? i : kStacks - 1 - i;
        NodeId node = kRoot;
        for (int depth = 0; depth < kDepth; ++depth) node = table->child(node, pc_of(stack, depth));
        leaves[static_cast<size_t>(t)][static_cast<size_t>(stack)] = node;
      }
    });
  }
  // A snapshot reads meanwhile: what it can read is whole, and older than its children.
  uint64_t wrong = 0;
  for (int round = 0; round < 20; ++round) {
    const uint32_t limit = table->id_limit();
    for (uint32_t id = 1; id < limit; ++id) {
      NodeId parent;
      uint64_t pc;
      if (!table->read_node(NodeId{id}, &parent, &pc)) continue;
      wrong += index_of(parent) >= id || pc == 0 ? 1 : 0;
    }
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<NodeId>& ids : leaves) {
    for (int stack = 0; stack < kStacks; ++stack) {
      NodeId node = ids[static_cast<size_t>(stack)];
      for (int depth = kDepth - 1; depth >= 0; --depth) {
        NodeId parent = kRoot;
        uint64_t pc = 0;
        wrong += table->read_node(node, &parent, &pc) && pc == pc_of(stack, depth) ? 0 : 1;
        node = parent;
      }
      wrong += node != kRoot ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
  CHECK(table->overflowed() == 0);
}

TEST_CASE("retired nodes keep their chain and are not found for new code at their address") {
  auto table = make();
  const NodeId main = table->child(kRoot, kCode);
  const NodeId plugin = table->child(main, kCode + 0x1000);
  const NodeId inside = table->child(plugin, kCode + 0x1fff);
  const NodeId outside = table->child(main, kCode + 0x2000);
  table->retire(kCode + 0x1000, kCode + 0x2000);
  const NodeId again = table->child(main, kCode + 0x1000);
  CHECK(again != plugin);
  CHECK(table->child(main, kCode + 0x1000) == again);
  CHECK(table->child(again, kCode + 0x1fff) != inside);
  CHECK(table->child(main, kCode + 0x2000) == outside);
  CHECK(table->child(kRoot, kCode) == main);
  CHECK(is_at(*table, plugin, main, kCode + 0x1000));
  CHECK(is_at(*table, inside, plugin, kCode + 0x1fff));
  // Nor after a growth.
  for (unsigned i = 0; i < 100'000; ++i) table->child(outside, kCode + 0x10000 + i);
  CHECK(table->child(main, kCode + 0x1000) == again);
  table->retire(kCode + 0x1000, kCode + 0x2000);
  const NodeId third = table->child(main, kCode + 0x1000);
  CHECK(third != again);
  CHECK(third != plugin);
}

TEST_CASE("a page of nodes goes only when each of its ids is aside or free") {
  auto table = make();
  constexpr uint32_t kPage = StackTable::kPageNodes;
  NodeId node = kRoot;
  for (uint64_t i = 0; i < 3 * kPage; ++i) node = table->child(node, 0x4000 + i * 16);
  const uint32_t there = table->in_use();
  for (uint32_t id = kPage; id < 2 * kPage - 1; ++id) table->set_aside(NodeId{id});
  CHECK_FALSE(table->withdraw_page(NodeId{0}));
  CHECK_FALSE(table->withdraw_page(NodeId{kPage}));  // the last one is neither
  REQUIRE(table->give_back(NodeId{kPage + 3}));
  CHECK_FALSE(table->withdraw_page(NodeId{kPage}));
  CHECK(table->in_use() == there - 1);
  table->set_aside(NodeId{2 * kPage - 1});
  REQUIRE(table->withdraw_page(NodeId{kPage}));
  table->give_back_page(NodeId{kPage});
  CHECK(table->in_use() == there - kPage);
  NodeId parent;
  uint64_t pc;
  CHECK_FALSE(table->read_node(NodeId{kPage + 5}, &parent, &pc));
  CHECK_FALSE(table->withdraw_page(NodeId{kPage}));  // it was done
  // Their ids are used again, each once.
  std::set<uint32_t> fresh;
  for (uint64_t i = 0; i < kPage; ++i) {
    fresh.insert(index_of(table->child(innermost_of(kOverflowStack), 0x9'0000 + i * 16)));
  }
  CHECK(fresh.size() == kPage);
  CHECK(*fresh.begin() >= kPage);
  CHECK(*fresh.rbegin() < 2 * kPage);
  CHECK_FALSE(table->withdraw_page(NodeId{3 * kPage}));  // not all of it was ever handed out
}

}  // namespace silt::track
