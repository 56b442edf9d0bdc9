// SPDX-License-Identifier: Apache-2.0
//
// The stack memory: a stack is recognized when every slot holds what it held, and not otherwise;
// what the ring has overwritten is not trusted.

#include "interposer/unwind/stack_memory.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

namespace silt::unwind {
namespace {

struct Remembered {
  std::vector<uint64_t> words;
  Frame frame;

  explicit Remembered(size_t count, uint64_t pc) : words(count + 1) {
    frame = Frame{pc, reinterpret_cast<uint64_t>(words.data()), 0};
  }
  bool keep(StackMemory& memory, size_t slots, uint32_t tag, bool bp_live = true) {
    memory.begin();
    for (size_t i = 0; i < slots; ++i) {
      if (!memory.add(frame, &words[i % words.size()], words[i % words.size()])) return false;
    }
    memory.keep(frame, bp_live, tag);
    return true;
  }
};

}  // namespace

TEST_CASE("a bp by which nothing steps may be another") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(10, 0x1234);
  REQUIRE(stack.keep(*memory, 10, 7, false));
  Frame other = stack.frame;
  other.bp += 1;
  CHECK(memory->find(other) == 7);
  ++stack.words[9];
  CHECK(memory->find(other) == 0);
}

TEST_CASE("an empty memory knows nothing") {
  const auto memory = std::make_unique<StackMemory>();
  CHECK(memory->find(Frame{1, 2, 3}) == 0);
}

TEST_CASE("a stack is found as long as pc, sp, bp and every slot are the same") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(100, 0x1234);
  REQUIRE(stack.keep(*memory, 100, 77));
  CHECK(memory->find(stack.frame) == 77);
  Frame other = stack.frame;
  other.pc += 1;
  CHECK(memory->find(other) == 0);
  other = stack.frame;
  other.bp += 1;
  CHECK(memory->find(other) == 0);
  other = stack.frame;
  other.sp += 8;
  CHECK(memory->find(other) == 0);
  for (size_t i = 0; i < 100; ++i) {
    ++stack.words[i];
    CHECK(memory->find(stack.frame) == 0);
    --stack.words[i];
  }
  CHECK(memory->find(stack.frame) == 77);
  ++stack.words[100];  // no slot
  CHECK(memory->find(stack.frame) == 77);
}

TEST_CASE("a stack without slots is its frame alone") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(0, 0x99);
  REQUIRE(stack.keep(*memory, 0, 5));
  CHECK(memory->find(stack.frame) == 5);
}

TEST_CASE("a stack with 512 slots is kept, one with more is not") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(512, 0x1);
  CHECK(stack.keep(*memory, 512, 1));
  CHECK(memory->find(stack.frame) == 1);
  Remembered larger(513, 0x2);
  CHECK_FALSE(larger.keep(*memory, 513, 2));
  CHECK(memory->find(larger.frame) == 0);
  CHECK(memory->find(stack.frame) == 1);
}

TEST_CASE("a slot below sp, or far above it, makes the stack not worth keeping") {
  const auto memory = std::make_unique<StackMemory>();
  const Frame frame{1, 0x7000'0000'0000, 0};
  memory->begin();
  CHECK_FALSE(memory->add(frame, reinterpret_cast<const uint64_t*>(frame.sp - 8), 1));
  CHECK_FALSE(memory->add(frame, reinterpret_cast<const uint64_t*>(frame.sp + (1ul << 32) + 8), 1));
  CHECK(memory->add(frame, reinterpret_cast<const uint64_t*>(frame.sp + (1ul << 32)), 1));
}

TEST_CASE("a stack that was given up half-way leaves the others whole") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(300, 0x1);
  REQUIRE(stack.keep(*memory, 300, 1));
  for (int i = 0; i < 1000; ++i) {
    Remembered given_up(600, 0x2);
    REQUIRE_FALSE(given_up.keep(*memory, 600, 2));
    REQUIRE(memory->find(stack.frame) == 1);
  }
}

TEST_CASE("stacks that the ring has overwritten are not found, newer ones are") {
  const auto memory = std::make_unique<StackMemory>();
  std::vector<std::unique_ptr<Remembered>> stacks;
  for (uint32_t i = 0; i < 2000; ++i) {
    const size_t slots = 1 + i * 37 % 500;
    stacks.push_back(std::make_unique<Remembered>(slots, 0x1000 + i));
    for (uint64_t& word : stacks.back()->words) word = i * 1000003 + 1;
    REQUIRE(stacks.back()->keep(*memory, slots, i + 1));
    REQUIRE(memory->find(stacks.back()->frame) == i + 1);
    // Whatever is still found must be itself.
    uint32_t found = 0;
    for (uint32_t j = 0; j <= i; ++j) {
      const uint32_t tag = memory->find(stacks[j]->frame);
      REQUIRE((tag == 0 || tag == j + 1));
      if (tag != 0) {
        ++found;
        ++stacks[j]->words[0];
        REQUIRE(memory->find(stacks[j]->frame) == 0);
        --stacks[j]->words[0];
      }
    }
    REQUIRE((i < 50 || found >= 20));
  }
}

TEST_CASE("what is built meanwhile never shows in a stack that is still found") {
  const auto memory = std::make_unique<StackMemory>();
  std::vector<std::unique_ptr<Remembered>> stacks;
  for (uint32_t i = 0; i < 400; ++i) {
    stacks.push_back(std::make_unique<Remembered>(400, 0x5000 + i));
    for (uint64_t& word : stacks.back()->words) word = i;
    REQUIRE(stacks.back()->keep(*memory, 400, i + 1));
    // A larger one is begun, filled to the brim, and dropped.
    Remembered dropped(512, 0x3);
    for (uint64_t& word : dropped.words) word = UINT64_MAX;
    REQUIRE_FALSE(dropped.keep(*memory, 513, 1));
    for (const auto& stack : stacks) {
      const uint32_t tag = memory->find(stack->frame);
      REQUIRE((tag == 0 || tag == stack->words[0] + 1));
    }
    REQUIRE(memory->find(stacks.back()->frame) == i + 1);
  }
}

TEST_CASE("after forget nothing is found, and new stacks are") {
  const auto memory = std::make_unique<StackMemory>();
  for (uint32_t round = 1; round < 50; ++round) {
    Remembered first(40, 0x1);
    Remembered second(40, 0x2);
    REQUIRE(first.keep(*memory, 40, round));
    REQUIRE(second.keep(*memory, 40, round + 1));
    REQUIRE(memory->find(first.frame) == round);
    memory->forget();
    REQUIRE(memory->find(first.frame) == 0);
    REQUIRE(memory->find(second.frame) == 0);
  }
}

TEST_CASE("a stack is wanted when it is missed twice in a row at its place") {
  const auto memory = std::make_unique<StackMemory>();
  const Frame frame{1, 2, 3};
  CHECK_FALSE(memory->wants(frame, 7));
  CHECK(memory->wants(frame, 7));
  CHECK_FALSE(memory->wants(frame, 8));
  CHECK_FALSE(memory->wants(frame, 7));
  CHECK(memory->wants(frame, 7));
}

}  // namespace silt::unwind
