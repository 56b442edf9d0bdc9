// SPDX-License-Identifier: Apache-2.0
//
// What the stack memory checks of a stack: all its slots and nothing else, whether they lie in
// pairs or alone, as many as there is room for, and none before those have matched that vouch for
// it.

#include "interposer/unwind/stack_checks.h"

#include <sys/mman.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <memory>
#include <vector>

#include "test/interposer/unwind/remembered.h"

namespace silt::unwind {
namespace {

using test::Remembered;

constexpr size_t kMostSlots = 508;

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

}  // namespace

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

}  // namespace silt::unwind
