// SPDX-License-Identifier: Apache-2.0
//
// The table of frame rules: each pc derived once, found through every growth, forgotten when its
// code goes, and read by other threads meanwhile.

#include "interposer/unwind/rule_table.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace silt::unwind {
namespace {

// A rule that tells its pc.
FrameRule telling_rule(uint64_t pc) {
  return FrameRule(RuleKind::kSp, static_cast<int32_t>(pc & 0x7fffffff), 0, 0);
}

std::atomic<int> version{0};
FrameRule versioned_rule(uint64_t pc) {
  return FrameRule(RuleKind::kSp, static_cast<int32_t>(pc & 0xffff), version.load() * 8, 0);
}

FrameRule guess(uint64_t) { return FrameRule(RuleKind::kFramePointer); }

uint64_t observed_count = 0;
uint64_t observed_last = 0;

std::unique_ptr<RuleTable> make(RuleTable::Deriver deriver) {
  auto table = std::make_unique<RuleTable>();
  table->set_deriver(deriver);
  return table;
}

}  // namespace

TEST_CASE("an empty table knows no rule") {
  const RuleTable table{};
  CHECK(table.find(0x1234).kind() == RuleKind::kUnknown);
  CHECK(table.find(0).kind() == RuleKind::kUnknown);
}

TEST_CASE("a rule is derived once, and the observer told once") {
  auto table = make(telling_rule);
  observed_count = 0;
  table->set_observer([](uint64_t pc) {
    ++observed_count;
    observed_last = pc;
  });
  CHECK(table->find(0x4321).kind() == RuleKind::kUnknown);
  CHECK(table->find_or_derive(0x4321).bits() == telling_rule(0x4321).bits());
  CHECK(table->find_or_derive(0x4321).bits() == telling_rule(0x4321).bits());
  CHECK(table->find(0x4321).bits() == telling_rule(0x4321).bits());
  CHECK(observed_count == 1);
  CHECK(observed_last == 0x4321);
  CHECK(table->derived() == 1);
}

TEST_CASE("300,000 pcs are found through all growths, and no others") {
  auto table = make(telling_rule);
  std::mt19937_64 random(3);
  std::vector<uint64_t> pcs;
  for (int i = 0; i < 300'000; ++i) {
    // Neighbours, as in real code, and far ones.
    pcs.push_back(i % 2 == 0 ? 0x400000 + 5u * static_cast<unsigned>(i)
                             : (random() & 0x7ffffffffffe) | uint64_t{1} << 46);
  }
  uint64_t wrong = 0;
  for (size_t i = 0; i < pcs.size(); ++i) {
    wrong += table->find_or_derive(pcs[i]).bits() != telling_rule(pcs[i]).bits() ? 1 : 0;
    const uint64_t earlier = pcs[random() % (i + 1)];
    wrong += table->find(earlier).bits() != telling_rule(earlier).bits() ? 1 : 0;
  }
  for (const uint64_t pc : pcs) wrong += table->find(pc).bits() != telling_rule(pc).bits() ? 1 : 0;
  CHECK(wrong == 0);
  const std::set<uint64_t> distinct(pcs.begin(), pcs.end());
  CHECK(table->derived() == distinct.size());
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t pc = 0x10'0000'0000 + static_cast<unsigned>(i);
    wrong += table->find(pc).kind() != RuleKind::kUnknown ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("forgetting takes exactly the range, and what is forgotten is derived anew") {
  auto table = make(versioned_rule);
  version = 1;
  for (uint64_t pc = 0x1000; pc < 0x3000; ++pc) table->find_or_derive(pc);
  version = 2;
  table->forget(0x1800, 0x2000);
  uint64_t wrong = 0;
  for (uint64_t pc = 0x1000; pc < 0x3000; ++pc) {
    const bool gone = pc >= 0x1800 && pc < 0x2000;
    if (gone) wrong += table->find(pc).kind() != RuleKind::kUnknown ? 1 : 0;
    wrong += table->find_or_derive(pc).bp_slot() != (gone ? 16 : 8) ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(table->derived() == 0x2000 + 0x800);
}

TEST_CASE("what was forgotten before a growth stays forgotten after it") {
  auto table = make(versioned_rule);
  version = 1;
  for (uint64_t pc = 0x1000; pc < 0x1100; ++pc) table->find_or_derive(pc);
  table->forget(0x1000, 0x1100);
  for (uint64_t pc = 0x10000; pc < 0x20000; ++pc) table->find_or_derive(pc);
  uint64_t wrong = 0;
  for (uint64_t pc = 0x1000; pc < 0x1100; ++pc) {
    wrong += table->find(pc).kind() != RuleKind::kUnknown ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("loading and unloading the same code ten thousand times does not fill the table") {
  auto table = make(telling_rule);
  for (int round = 0; round < 10'000; ++round) {
    for (uint64_t pc = 0x7000; pc < 0x7010; ++pc) {
      REQUIRE(table->find_or_derive(pc).bits() == telling_rule(pc).bits());
    }
    if (round % 100 == 50) table->forget(0x7000, 0x7008);
  }
  CHECK(table->derived() == 16 + 100 * 8);
}

TEST_CASE("forgetting in an empty table does nothing") {
  RuleTable table{};
  table.forget(0, UINT64_MAX);
  table.forget_guesses_inside_objects();
  CHECK(table.derived() == 0);
}

TEST_CASE("guesses inside loaded objects are forgotten, others and real rules stay") {
  auto table = make(guess);
  const auto code = reinterpret_cast<uint64_t>(&telling_rule) + 1;
  constexpr uint64_t kNowhere = 0x1000;
  table->find_or_derive(code);
  table->find_or_derive(kNowhere);
  table->forget_guesses_inside_objects();
  CHECK(table->find(code).kind() == RuleKind::kUnknown);
  CHECK(table->find(kNowhere).kind() == RuleKind::kFramePointer);
  auto real = make(telling_rule);
  real->find_or_derive(code);
  real->forget_guesses_inside_objects();
  CHECK(real->find(code).bits() == telling_rule(code).bits());
}

TEST_CASE("guesses that no stack has go when they are many; real rules and marked ones stay") {
  auto table = make([](uint64_t pc) { return pc % 10 == 0 ? telling_rule(pc) : guess(pc); });
  CHECK_FALSE(table->begin_marking());
  for (uint64_t pc = 1; pc <= 5'000; ++pc) table->find_or_derive(pc);
  CHECK_FALSE(table->begin_marking());
  for (uint64_t pc = 5'001; pc <= 20'000; ++pc) table->find_or_derive(pc);
  REQUIRE(table->begin_marking());
  for (uint64_t pc = 1; pc <= 30'000; pc += 7) table->mark(pc);
  table->forget_unmarked_guesses();
  uint32_t wrong = 0;
  for (uint64_t pc = 1; pc <= 20'000; ++pc) {
    const bool stays = pc % 10 == 0 || pc % 7 == 1;
    if ((table->find(pc).kind() != RuleKind::kUnknown) != stays) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK_FALSE(table->begin_marking());
  CHECK(table->find_or_derive(3).bits() == guess(3).bits());
}

TEST_CASE("code that is made and dropped for ever takes no more and no more memory") {
  auto table = make(guess);
  uint64_t largest = 0;
  for (uint32_t round = 1; round <= 50; ++round) {
    for (uint64_t i = 0; i < 10'000; ++i) table->find_or_derive(round * 0x10'0000 + i * 8);
    if (table->begin_marking()) table->forget_unmarked_guesses();
    table->unmap_old_tables(round);
    largest = std::max(largest, table->mapped_bytes());
  }
  // Two rounds' worth, at 16 bytes in a table that is a quarter full.
  CHECK(largest <= 2 * 10'000 * 16 * 4);
}

TEST_CASE("a table that is replaced while its guesses are marked loses none that is needed") {
  auto table = make(guess);
  for (uint64_t pc = 1; pc <= 16'000; ++pc) table->find_or_derive(pc);
  REQUIRE(table->begin_marking());
  for (uint64_t pc = 16'001; pc <= 40'000; ++pc) table->find_or_derive(pc);
  for (uint64_t pc = 1; pc <= 40'000; ++pc) table->mark(pc);
  table->forget_unmarked_guesses();
  uint32_t unknown = 0;
  for (uint64_t pc = 1; pc <= 40'000; ++pc) {
    if (table->find(pc).kind() == RuleKind::kUnknown) ++unknown;
  }
  CHECK(unknown == 0);
}

TEST_CASE("readers see a rule or none, and never another's, while a writer adds and forgets") {
  auto table = make(telling_rule);
  constexpr uint64_t kFirst = 0x400000;
  constexpr uint64_t kCount = 60'000;
  std::atomic<bool> done{false};
  std::atomic<uint64_t> wrong{0};
  std::atomic<uint64_t> found{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 3; ++t) {
    readers.emplace_back([&, t] {
      std::mt19937_64 random(t);
      uint64_t own = 0;
      while (!done.load(std::memory_order_relaxed)) {
        const uint64_t pc = kFirst + random() % kCount;
        const FrameRule rule = t == 0 ? table->find_or_derive(pc) : table->find(pc);
        if (rule.kind() == RuleKind::kUnknown) continue;
        ++own;
        if (rule.bits() != telling_rule(pc).bits()) wrong.fetch_add(1);
      }
      found.fetch_add(own);
    });
  }
  for (uint64_t i = 0; i < kCount; ++i) {
    table->find_or_derive(kFirst + i);
    if (i % 5000 == 4999) table->forget(kFirst + i - 2500, kFirst + i);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(found > 0);
}

}  // namespace silt::unwind
