// SPDX-License-Identifier: Apache-2.0
//
// Frames of an interpreter: the words in the frame, which may be anything, tell the function and
// the place in it, and a stack in which only one of them changed is another stack.

#include "interposer/unwind/interpreter.h"

#include <catch2/catch.hpp>
#include <memory>

#include "interposer/unwind/spine.h"
#include "test/interposer/unwind/fake_stack.h"

namespace silt::unwind {
namespace {

using test::FakeStack;
using test::Shape;
using test::site;

constexpr int64_t kSlot = 24;
constexpr int64_t kPositionSlot = 32;
constexpr uint64_t kFunction = 0x111;  // words that mean functions are below 0x1000
constexpr uint64_t kOther = 0x222;

uint64_t translate(uint64_t word, uint64_t position) {
  return word < 0x1000 ? kFirstFunctionPc + word + (position << 12) : 0;
}

// The interpreter's one call site, and a stack on which it runs something.
const uint64_t kInterpreted = site(Shape::kNoInformation, 8, 77);

struct Scene {
  std::unique_ptr<RuleTable> rules = test::make_rules();
  std::unique_ptr<Spine> spine = test::make_spine();
  FakeStack stack{16 * 1024};
  uint64_t word_at = 0;
  uint64_t position_at = 0;

  explicit Scene(int64_t position_slot = 0) {
    REQUIRE(interpreter.add(kInterpreted - 1, kInterpreted));
    interpreter.describe(kSlot, position_slot, translate);
    stack.start(site(Shape::kOutermost, 2, 0));
    for (unsigned i = 1; i < 5; ++i) stack.call(site(Shape::kFrame, 3, i));
    stack.call(kInterpreted);
    word_at = stack.innermost().bp - kSlot;
    position_at = stack.innermost().bp - kPositionSlot;
    for (unsigned i = 10; i < 15; ++i) stack.call(site(Shape::kNoInformation, 3, i));
    *stack.word(word_at) = kFunction;
    *stack.word(position_at) = 5;
  }
  ~Scene() { interpreter.remove(kInterpreted - 1, kInterpreted); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  Spine::Update look() { return spine->update(*rules, stack.innermost()); }
  // What stands for the interpreted frame's function.
  uint64_t function() const {
    for (uint32_t i = 1; i < spine->count(); ++i) {
      if (spine->pc(i) == kInterpreted)
        return spine->pc(i - 1) == 0 ? spine->function_pc(i - 1) : 0;
    }
    FAIL("no interpreted frame");
    return 0;
  }
};

}  // namespace

TEST_CASE("an interpreter's frame tells its function, and the stack is what it is") {
  Scene scene;
  CHECK(scene.look().ending == Ending::kComplete);
  CHECK(test::same(test::frames_of(*scene.spine), scene.stack.truth()));
  CHECK(scene.function() == kFirstFunctionPc + kFunction);
}

TEST_CASE("a thousand interpreted frames are a whole stack") {
  Scene scene;
  for (unsigned i = 0; i < 1000; ++i) {
    scene.stack.call(kInterpreted);
    *scene.stack.word(scene.stack.innermost().bp - kSlot) = kFunction;
  }
  CHECK(scene.look().ending == Ending::kComplete);
  CHECK(test::same(test::frames_of(*scene.spine), scene.stack.truth()));
}

TEST_CASE("a stack in which another function is interpreted is another, from that frame on") {
  Scene scene;
  const uint32_t count = scene.look().count;
  CHECK(scene.look().kept == count);
  *scene.stack.word(scene.word_at) = kOther;
  const Spine::Update update = scene.look();
  CHECK(update.kept < count);
  CHECK(update.kept >= 5);  // the frames further out
  CHECK(scene.function() == kFirstFunctionPc + kOther);
  CHECK(test::same(test::frames_of(*scene.spine), scene.stack.truth()));
}

TEST_CASE("a stack in which another place of the function is interpreted is another") {
  Scene scene(kPositionSlot);
  const uint32_t count = scene.look().count;
  CHECK(scene.look().kept == count);
  CHECK(scene.function() == kFirstFunctionPc + kFunction + 0x5000);
  CHECK(test::same(test::frames_of(*scene.spine), scene.stack.truth()));
  *scene.stack.word(scene.position_at) = 6;
  const Spine::Update update = scene.look();
  CHECK(update.kept < count);
  CHECK(update.kept >= 5);
  CHECK(scene.function() == kFirstFunctionPc + kFunction + 0x6000);
  CHECK(test::same(test::frames_of(*scene.spine), scene.stack.truth()));
  CHECK(scene.look().kept == count);

  SECTION("also when what it is called by is walked anew") {
    FakeStack& stack = scene.stack;
    const uint64_t own_bp = scene.position_at + kPositionSlot;
    stack.call(kInterpreted);
    const uint64_t inner_bp = stack.innermost().bp;
    *stack.word(inner_bp - kSlot) = kOther;
    *stack.word(inner_bp - kPositionSlot) = 7;
    scene.look();
    *stack.word(own_bp - kPositionSlot) = 9;
    scene.look();
    *stack.word(inner_bp - kPositionSlot) = 8;
    scene.look();
    CHECK(test::same(test::frames_of(*scene.spine), stack.truth()));
    CHECK(scene.function() == kFirstFunctionPc + kFunction + 0x9000);
    CHECK(scene.spine->function_pc(scene.spine->count() - 2) == kFirstFunctionPc + kOther + 0x8000);
  }
  SECTION("for what is remembered of the stack, too") {
    bool told = false;
    scene.spine->visit_slots([&](const uint64_t* slot, uint64_t value) {
      told = told || (reinterpret_cast<uint64_t>(slot) == scene.position_at && value == 6);
      return true;
    });
    CHECK(told);
  }
}

TEST_CASE("a word that means nothing is not followed") {
  for (const uint64_t word : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, uint64_t{0x5555}}) {
    Scene scene;
    *scene.stack.word(scene.word_at) = word;
    CHECK(scene.look().ending == Ending::kComplete);
    CHECK(scene.function() == translate(word, 0));
    CHECK(test::same(test::frames_of(*scene.spine), scene.stack.truth()));
  }
}

TEST_CASE("a frame with no room for the word is an ordinary one") {
  Scene scene;
  FakeStack stack{16 * 1024};
  stack.start(site(Shape::kOutermost, 2, 0));
  // The frame pointer stands at the stack pointer: below it is the next function's frame.
  const uint64_t narrow = site(Shape::kNoInformation, 0, 77);
  REQUIRE(interpreter.add(narrow - 1, narrow));
  stack.call(narrow);
  stack.call(site(Shape::kNoInformation, 3, 5));
  const Spine::Update update = scene.spine->update(*scene.rules, stack.innermost());
  CHECK(update.count == 3);
  interpreter.remove(narrow - 1, narrow);
}

TEST_CASE("code is an interpreter's for as long as somebody says so") {
  REQUIRE(interpreter.add(0x1000, 0x1100));
  REQUIRE(interpreter.add(0x1000, 0x1100));
  REQUIRE(interpreter.add(0x3000, 0x3100));
  CHECK_FALSE(interpreter.contains(0x1000));  // a return address lies behind its call
  CHECK(interpreter.contains(0x1001));
  CHECK(interpreter.contains(0x1100));
  CHECK_FALSE(interpreter.contains(0x1101));
  interpreter.remove(0x1000, 0x1100);
  CHECK(interpreter.contains(0x1001));
  interpreter.remove(0x1000, 0x1100);
  CHECK_FALSE(interpreter.contains(0x1001));
  CHECK(interpreter.contains(0x3001));
  for (int i = 0; i < 2000; ++i) {  // places are used again
    REQUIRE(interpreter.add(0x5000, 0x5100));
    interpreter.remove(0x5000, 0x5100);
  }
  interpreter.remove(0x3000, 0x3100);
  CHECK_FALSE(interpreter.contains(0x3001));
}

}  // namespace silt::unwind
