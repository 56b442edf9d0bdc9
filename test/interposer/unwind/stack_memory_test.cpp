// SPDX-License-Identifier: Apache-2.0
//
// The stack memory: a stack is recognized when every slot holds what it held, and not otherwise,
// however many others begin like it.

#include "interposer/unwind/stack_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <memory>
#include <vector>

namespace silt::unwind {
namespace {

constexpr size_t kMostSlots = 508;

struct Remembered {
  std::vector<uint64_t> words;
  Frame frame;

  explicit Remembered(size_t count, uint64_t pc) : words(count + 1) {
    frame = Frame{pc, reinterpret_cast<uint64_t>(words.data()), 0};
  }
  // Whether it is found afterwards.
  bool keep(StackMemory& memory, size_t slots, uint32_t tag, bool bp_live = true) {
    memory.remember(frame, bp_live, tag, 0, [&](auto&& visit) {
      for (size_t i = 0; i < slots; ++i) {
        if (!visit(&words[i], words[i])) return false;
      }
      return true;
    });
    return memory.find(frame) == tag;
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

TEST_CASE("a stack with 508 slots within a page is kept, one with more is not") {
  const auto memory = std::make_unique<StackMemory>();
  alignas(4096) static uint64_t page[512];
  const Frame frame{0x77, reinterpret_cast<uint64_t>(page), 0};
  const auto keep = [&](size_t slots, uint32_t tag) {
    memory->remember(frame, true, tag, 0, [&](auto&& visit) {
      for (size_t i = 0; i < slots; ++i) {
        if (!visit(&page[i], page[i])) return false;
      }
      return true;
    });
    return memory->find(frame);
  };
  CHECK(keep(kMostSlots + 1, 1) == 0);
  CHECK(keep(kMostSlots, 2) == 2);
}

TEST_CASE("a slot below sp, far above it, or at an odd place makes the stack not worth keeping") {
  const auto memory = std::make_unique<StackMemory>();
  std::vector<uint64_t> words(66'000);
  const Frame frame{1, reinterpret_cast<uint64_t>(&words[100]), 0};
  const auto kept = [&](const void* slot) {
    memory->forget();
    memory->remember(frame, false, 9, 0,
                     [&](auto&& visit) { return visit(static_cast<const uint64_t*>(slot), 0); });
    return memory->find(frame) == 9;
  };
  CHECK_FALSE(kept(&words[99]));
  CHECK_FALSE(kept(reinterpret_cast<const char*>(&words[101]) + 4));
  CHECK(kept(&words[100 + 65'535]));
  CHECK_FALSE(kept(&words[100 + 65'536 - 512] + 512));
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

TEST_CASE("whatever was kept before and forgotten since, what is found is itself") {
  const auto memory = std::make_unique<StackMemory>();
  std::vector<std::unique_ptr<Remembered>> stacks;
  for (uint32_t i = 0; i < 2000; ++i) {
    const size_t slots = 1 + i * 37 % 400;
    stacks.push_back(std::make_unique<Remembered>(slots, 0x1000 + i));
    for (uint64_t& word : stacks.back()->words) word = i * 1000003 + 1;
    REQUIRE(stacks.back()->keep(*memory, slots, i + 1));
    uint32_t wrong = 0;
    for (uint32_t j = 0; j <= i; ++j) {
      const uint32_t tag = memory->find(stacks[j]->frame);
      wrong += tag != 0 && tag != j + 1 ? 1 : 0;
      if (tag != 0) {
        ++stacks[j]->words[0];
        wrong += memory->find(stacks[j]->frame) != 0 ? 1 : 0;
        --stacks[j]->words[0];
      }
    }
    REQUIRE(wrong == 0);
  }
}

// One piece of memory as many stacks, by turns: what a recursion makes of it.
TEST_CASE("stacks that begin alike are told apart wherever they differ, and found by turns") {
  const auto memory = std::make_unique<StackMemory>();
  constexpr size_t kSlots = 29;
  Remembered stack(kSlots, 0x1234);
  const auto become = [&](uint32_t number) {  // each bit of it is a slot somewhere
    for (size_t i = 0; i < kSlots; ++i) stack.words[i] = 7;
    for (uint32_t bit = 0; bit < 8; ++bit) {
      if ((number >> bit & 1) != 0) stack.words[kSlots - 1 - 4 * bit] = 1000 + bit;
    }
  };
  for (uint32_t number = 0; number < 256; ++number) {
    become(number);
    CHECK(memory->find(stack.frame) == 0);
    CHECK(stack.keep(*memory, kSlots, number + 1));
  }
  uint32_t found = 0;
  uint32_t wrong = 0;
  for (uint32_t number = 0; number < 256; ++number) {
    become(number);
    const uint32_t tag = memory->find(stack.frame);
    found += tag == number + 1 ? 1 : 0;
    wrong += tag != 0 && tag != number + 1 ? 1 : 0;
    for (size_t i = 0; i < kSlots; ++i) {
      ++stack.words[i];
      wrong += memory->find(stack.frame) != 0 ? 1 : 0;
      --stack.words[i];
    }
  }
  CHECK(wrong == 0);
  CHECK(found > 200);  // a pair of places can be wanted by three
}

// Words 0 … 4 n - 1 as code with frame pointers has them: of every four the second and third are
// the caller's bp and the return address, side by side. `singles` return addresses at the end have
// no bp beside them.
struct FramePointers {
  static constexpr size_t kFrameWords = 4;

  Remembered stack;
  size_t frames;
  size_t singles;

  FramePointers(size_t frame_count, size_t single_count, uint64_t pc)
      : stack((frame_count + single_count) * kFrameWords, pc),
        frames(frame_count),
        singles(single_count) {}

  std::vector<size_t> slots() const {
    std::vector<size_t> result;
    for (size_t i = 0; i < frames + singles; ++i) {
      if (i < frames) result.push_back(i * kFrameWords + 1);
      result.push_back(i * kFrameWords + 2);
    }
    return result;
  }
  bool keep(StackMemory& memory, uint32_t tag) {
    memory.remember(stack.frame, true, tag, 0, [&](auto&& visit) {
      for (const size_t i : slots()) {
        if (!visit(&stack.words[i], stack.words[i])) return false;
      }
      return true;
    });
    return memory.find(stack.frame) == tag;
  }
  // How many of the slots are not checked, and how many other words are.
  size_t wrong_checks(StackMemory& memory, uint32_t tag) {
    const std::vector<size_t> checked = slots();
    size_t wrong = 0;
    for (size_t i = 0; i < stack.words.size(); ++i) {
      ++stack.words[i];
      const bool found = memory.find(stack.frame) == tag;
      wrong += found == (std::find(checked.begin(), checked.end(), i) != checked.end()) ? 1 : 0;
      --stack.words[i];
    }
    return wrong;
  }
};

TEST_CASE("of pairs side by side both halves are checked, and nothing else, however many") {
  const auto memory = std::make_unique<StackMemory>();
  uint32_t tag = 0;
  for (const size_t frames : {1, 2, 3, 4, 5, 31, 62, 63, 64, 100, 120}) {
    for (const size_t singles : {0, 1, 2, 3, 7}) {
      FramePointers stack(frames, singles, 0x1000 + ++tag);
      CAPTURE(frames, singles);
      REQUIRE(stack.keep(*memory, tag));
      CHECK(stack.wrong_checks(*memory, tag) == 0);
    }
  }
}

TEST_CASE("stacks of pairs that part in either half of a pair are told apart") {
  const auto memory = std::make_unique<StackMemory>();
  FramePointers stack(20, 2, 0x1234);
  const std::vector<size_t> slots = stack.slots();
  uint32_t tag = 0;
  const auto each_variant = [&](auto&& visit) {
    tag = 0;
    for (const size_t slot : slots) {
      for (const uint64_t value : {uint64_t{0}, uint64_t{5}, uint64_t{1} << 40}) {
        stack.stack.words[slot] += value;
        visit(++tag);
        stack.stack.words[slot] -= value;
      }
    }
  };
  each_variant([&](uint32_t number) {
    const uint32_t known = memory->find(stack.stack.frame);
    // The unchanged one is every third.
    if (number % 3 == 1 && number != 1) {
      CHECK(known == 1);
    } else {
      CHECK(known == 0);
      CHECK(stack.keep(*memory, number));
      CHECK(stack.wrong_checks(*memory, number) == 0);
    }
  });
  uint32_t found = 0;
  each_variant([&](uint32_t number) {
    const uint32_t known = memory->find(stack.stack.frame);
    const uint32_t expected = number % 3 == 1 ? 1 : number;
    CHECK((known == 0 || known == expected));
    found += known == expected ? 1 : 0;
  });
  CHECK(found > tag * 9 / 10);  // a pair of places can be wanted by three
}

TEST_CASE("of stacks that begin alike, one that depends on more slots is checked in all of them") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(10, 0x1234);
  const auto keep = [&](std::initializer_list<size_t> slots, uint32_t tag) {
    memory->remember(stack.frame, false, tag, 0, [&](auto&& visit) {
      for (const size_t i : slots) {
        if (!visit(&stack.words[i], stack.words[i])) return false;
      }
      return true;
    });
  };
  keep({0, 2, 4, 6}, 1);
  stack.words[4] = 99;  // farther out another frame, that steps by a bp saved further in
  CHECK(memory->find(stack.frame) == 0);
  keep({0, 1, 2, 3, 4, 5, 6}, 2);
  CHECK(memory->find(stack.frame) == 2);
  for (const size_t i : {0, 1, 2, 3, 4, 5, 6}) {
    ++stack.words[i];
    CHECK(memory->find(stack.frame) == 0);
    --stack.words[i];
  }
  stack.words[4] = 0;
  CHECK(memory->find(stack.frame) == 1);
  ++stack.words[1];
  CHECK(memory->find(stack.frame) == 1);
}

TEST_CASE("a stack that needs its bp compared takes the place of one that did not") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(10, 0x1234);
  REQUIRE(stack.keep(*memory, 10, 1, false));
  stack.words[5] = 1;
  REQUIRE(stack.keep(*memory, 10, 2, true));
  Frame other = stack.frame;
  other.bp += 8;
  CHECK(memory->find(other) == 0);
}

TEST_CASE("a slot is never read before those further in have matched, beyond their page") {
  // Three pages, the last of which goes away: a stack that ends before it must not be compared
  // with what lay there.
  constexpr size_t kPage = 4096;
  auto* const memory_pages = static_cast<char*>(
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(memory_pages != MAP_FAILED);
  auto* const words = reinterpret_cast<uint64_t*>(memory_pages);
  constexpr size_t kFirst = kPage / 8 - 2;
  const auto memory = std::make_unique<StackMemory>();
  const Frame frame{5, reinterpret_cast<uint64_t>(&words[kFirst]), 0};
  memory->remember(frame, false, 3, 0, [&](auto&& visit) {
    return visit(&words[kFirst], 0) && visit(&words[kFirst + 1], 0) && visit(&words[kFirst + 2], 0);
  });
  CHECK(memory->find(frame) == 3);
  words[kFirst + 1] = 1;
  REQUIRE(munmap(memory_pages + kPage, kPage) == 0);
  CHECK(memory->find(frame) == 0);
  munmap(memory_pages, kPage);
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

TEST_CASE("a stack is wanted when it is missed a second time soon after the first") {
  const auto memory = std::make_unique<StackMemory>();
  const Frame frame{1, 2, 3};
  CHECK(memory->find(frame) == 0);
  CHECK_FALSE(memory->wants(7));
  CHECK(memory->wants(7));
  for (uint32_t other = 100; other < 200; ++other) CHECK_FALSE(memory->wants(other));
  CHECK_FALSE(memory->wants(7));
  CHECK(memory->wants(7));
}

TEST_CASE("four stacks that meet at one place do not drive one another out") {
  const auto memory = std::make_unique<StackMemory>();
  Remembered stack(10, 0x1234);
  const auto become = [&](uint64_t number) {  // the place is chosen by pc and sp
    stack.frame.bp = 0x1000 * number;
    stack.words[9] = number;
  };
  for (uint32_t number = 1; number <= 4; ++number) {
    become(number);
    REQUIRE(stack.keep(*memory, 10, number));
  }
  for (uint32_t number = 1; number <= 4; ++number) {
    become(number);
    CHECK(memory->find(stack.frame) == number);
  }
  become(5);
  REQUIRE(stack.keep(*memory, 10, 5));
  uint32_t found = 0;
  for (uint32_t number = 1; number <= 5; ++number) {
    become(number);
    const uint32_t tag = memory->find(stack.frame);
    CHECK((tag == 0 || tag == number));
    found += tag != 0 ? 1 : 0;
  }
  CHECK(found == 4);
}

TEST_CASE("a hundred stacks that take turns are kept, nearly all") {
  const auto memory = std::make_unique<StackMemory>();
  std::vector<std::unique_ptr<Remembered>> stacks;
  for (uint32_t i = 0; i < 100; ++i) {
    stacks.push_back(std::make_unique<Remembered>(20, 0x1000 + 64 * i));
  }
  uint32_t found = 0;
  for (int round = 0; round < 6; ++round) {
    found = 0;
    for (uint32_t i = 0; i < 100; ++i) {
      if (memory->find(stacks[i]->frame) == i + 1) {
        ++found;
      } else if (memory->wants(i + 1)) {
        REQUIRE(stacks[i]->keep(*memory, 20, i + 1));
      }
    }
  }
  CHECK(found > 78);
}

}  // namespace silt::unwind
