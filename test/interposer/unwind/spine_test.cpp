// SPDX-License-Identifier: Apache-2.0
//
// The spine on stacks made of arrays: what is kept, what is new, and that both together are the
// stack, for each kind of frame and each way in which a stack can change between two looks.

#include "interposer/unwind/spine.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "test/interposer/unwind/spine_scene.h"

namespace silt::unwind {

using test::call_many;
using test::kShapes;
using test::same;
using test::Scene;
using test::Shape;
using test::site;

TEST_CASE("the first look takes every frame anew") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  call_many(scene.stack, 30);
  const Spine::Update update = scene.look();
  CHECK(update.kept == 0);
  CHECK(update.ending == Ending::kComplete);
  CHECK_FALSE(update.slow);
  CHECK(scene.spine->reusable());
}

TEST_CASE("a stack of the outermost frame alone is one frame") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 0, 0));
  CHECK(scene.look().count == 1);
  const Spine::Update again = scene.look();
  CHECK(again.kept == 1);
  CHECK(again.count == 1);
}

TEST_CASE("the same stack again is kept whole, whatever its kinds of frames") {
  for (const Shape shape : kShapes) {
    Scene scene;
    scene.stack.start(site(Shape::kOutermost, 2, 0));
    for (unsigned i = 0; i < 20; ++i) scene.stack.call(site(shape, i % 5, i));
    scene.look();
    scene.stack.scribble(7);
    const Spine::Update update = scene.look();
    CHECK(update.kept == update.count);
  }
}

TEST_CASE("a stack joins the last one at whatever depth they part") {
  for (const Shape shape : kShapes) {
    for (int depth = 1; depth < 20; ++depth) {
      Scene scene;
      scene.stack.start(site(Shape::kOutermost, 2, 0));
      for (unsigned i = 0; i < 20; ++i) scene.stack.call(site(shape, 3, i));
      scene.look();
      for (int i = 0; i < depth; ++i) scene.stack.leave();
      for (unsigned i = 0; i < 5; ++i) scene.stack.call(site(shape, 3, 100 + i));
      const Spine::Update update = scene.look();
      // Frames below the parting point are kept; the one that called differently has not moved.
      const unsigned pairs = shape == Shape::kRealigned ? 2 : 1;
      CHECK(update.kept == 1 + (20 - static_cast<unsigned>(depth)) * pairs);
    }
  }
}

TEST_CASE("a function that went on to another call keeps what called it") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  for (unsigned i = 0; i < 10; ++i) scene.stack.call(site(Shape::kPlain, 3, i));
  scene.look();
  scene.stack.go_on(site(Shape::kPlain, 3, 77));
  CHECK(scene.look().kept == 10);
}

TEST_CASE("a frame in the middle that changed under equal inner frames is noticed") {
  for (const Shape inner : kShapes) {
    for (unsigned middle = 1; middle < 11; ++middle) {
      Scene scene;
      scene.stack.start(site(Shape::kOutermost, 2, 0));
      for (unsigned i = 0; i < 12; ++i) scene.stack.call(site(inner, 3, i), 0x1000 + i);
      scene.look();
      // Leave down to `middle`, come back through another call site of the same size, and call
      // the very same functions again: each inner frame has its old pc, sp and bp.
      while (scene.stack.depth() > middle + 1) scene.stack.leave();
      scene.stack.go_on(site(inner, 3, 500));
      for (unsigned i = middle; i < 12; ++i) scene.stack.call(site(inner, 3, i), 0x1000 + i);
      const Spine::Update update = scene.look();
      const unsigned pairs = inner == Shape::kRealigned ? 2 : 1;
      CHECK(update.kept == 1 + (middle - 1) * pairs);
    }
  }
}

TEST_CASE("two changed frames with equal ones between them are both noticed") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  for (unsigned i = 0; i < 12; ++i) scene.stack.call(site(Shape::kFrame, 3, i));
  scene.look();
  while (scene.stack.depth() > 4) scene.stack.leave();
  scene.stack.go_on(site(Shape::kFrame, 3, 500));
  for (unsigned i = 3; i < 12; ++i) {
    scene.stack.call(site(Shape::kFrame, 3, i == 7 ? 600 : i));
  }
  CHECK(scene.look().kept == 3);
}

TEST_CASE("a saved bp by which nothing steps may change, one by which something does may not") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  scene.stack.call(site(Shape::kSavesBp, 2, 1), 0x1111);
  scene.stack.call(site(Shape::kSavesBp, 2, 2), 0x2222);
  scene.stack.call(site(Shape::kSavesBp, 2, 3), 0x3333);
  scene.look();
  scene.stack.leave();
  scene.stack.leave();
  scene.stack.leave();
  scene.stack.call(site(Shape::kSavesBp, 2, 1), 0xaaaa);  // another value in bp from here on
  scene.stack.call(site(Shape::kSavesBp, 2, 2), 0x2222);
  scene.stack.call(site(Shape::kSavesBp, 2, 3), 0x3333);
  CHECK(scene.look().kept == 4);

  Scene live;
  live.stack.start(site(Shape::kFrame, 2, 0));
  live.stack.call(site(Shape::kSavesBp, 2, 1), 0x1111);
  live.stack.call(site(Shape::kSavesBp, 2, 2), 0x2222);
  live.look();
  const Frame saver = live.stack.frames()[1];
  const Frame outermost = live.stack.frames()[0];
  uint64_t* const slot = live.stack.word(outermost.sp - 16);
  REQUIRE(*slot == outermost.bp);  // saved by `saver`, for the outermost frame to step by
  REQUIRE(saver.sp < outermost.sp);
  *slot += 8;
  CHECK(live.spine->update(*live.rules, live.stack.innermost()).kept < 3);
}

TEST_CASE("a frame pointer that moved under an equal stack pointer is noticed") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  scene.stack.call(site(Shape::kPlain, 4, 1));
  scene.stack.call(site(Shape::kFrame, 2, 2), 0, 1);
  scene.stack.call(site(Shape::kSavesBp, 2, 3), 0x3333);
  scene.look();
  const Frame before = scene.stack.innermost();
  for (int i = 0; i < 3; ++i) scene.stack.leave();
  scene.stack.call(site(Shape::kPlain, 5, 1));
  scene.stack.call(site(Shape::kFrame, 2, 2), 0, 0);
  scene.stack.call(site(Shape::kSavesBp, 2, 3), 0x3333);
  CHECK(scene.stack.innermost().sp == before.sp);
  CHECK(scene.look().kept == 1);
}

TEST_CASE("a bp by which nothing stepped is right where something does now") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  scene.stack.call(site(Shape::kPlain, 9, 1));
  scene.stack.call(site(Shape::kSavesBp, 2, 3), 0x3333);
  scene.look();
  const Frame before = scene.stack.innermost();
  for (int i = 0; i < 2; ++i) scene.stack.leave();
  scene.stack.call(site(Shape::kPlain, 4, 1));
  scene.stack.call(site(Shape::kFrame, 3, 9));
  scene.stack.call(site(Shape::kSavesBp, 2, 3), 0x3333);
  CHECK(scene.stack.innermost().sp == before.sp);
  scene.look();
}

TEST_CASE("a realigned frame called from another depth with the same place is noticed") {
  Scene scene;
  // Alignment swallows the difference: the inner frames are the same, the caller's sp is not.
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  scene.stack.call(site(Shape::kPlain, 6, 1));
  const uint64_t sp = scene.stack.innermost().sp;
  unsigned words = 0;
  while ((sp - 8 - 8 * words - 24) % 64 < 8) ++words;  // the next one may be a word larger
  scene.stack.call(site(Shape::kPlain, words, 2));
  scene.stack.call(site(Shape::kRealigned, 4, 3));
  scene.stack.call(site(Shape::kPlain, 4, 4));
  const Frame before = scene.stack.innermost();
  scene.look();
  scene.stack.leave();
  scene.stack.leave();
  scene.stack.leave();
  scene.stack.call(site(Shape::kPlain, words + 1, 2));
  scene.stack.call(site(Shape::kRealigned, 4, 3));
  scene.stack.call(site(Shape::kPlain, 4, 4));
  CHECK(scene.stack.innermost().sp == before.sp);
  scene.look();
}

TEST_CASE("forget makes the next look start anew") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  call_many(scene.stack, 9);
  scene.look();
  scene.spine->forget();
  CHECK(scene.spine->count() == 0);
  CHECK(scene.look().kept == 0);
}

TEST_CASE("a changed frame far out in a deep stack is followed to the limit") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 1, 0));
  for (unsigned i = 1; i < 1000; ++i) scene.stack.call(site(Shape::kFrame, 1, i));
  scene.look();
  while (scene.stack.depth() > 5) scene.stack.leave();
  scene.stack.go_on(site(Shape::kFrame, 1, 9000));
  for (unsigned i = 5; i < 1000; ++i) scene.stack.call(site(Shape::kFrame, 1, i));
  CHECK(scene.look().kept == 4);
}

TEST_CASE("the slots that are visited are those that a walk reads, innermost first") {
  Scene scene;
  scene.stack.start(site(Shape::kFrame, 2, 0));
  scene.stack.call(site(Shape::kSavesBp, 2, 1), 0xabc);
  scene.stack.call(site(Shape::kPlain, 2, 2));
  scene.look();
  std::vector<std::pair<const uint64_t*, uint64_t>> slots;
  const auto note = [&](const uint64_t* slot, uint64_t value) {
    slots.emplace_back(slot, value);
    return true;
  };
  CHECK(scene.spine->visit_slots(note));
  const std::vector<Frame> frames = scene.stack.truth();
  REQUIRE(slots.size() == 4);  // the last is the return address of 0
  CHECK(slots[0].first == scene.stack.word(frames[1].sp - 8));
  CHECK(slots[0].second == frames[1].pc);
  // Side by side: the lower one first.
  CHECK(slots[1].first == scene.stack.word(frames[2].sp - 16));
  CHECK(slots[1].second == frames[2].bp);
  CHECK(slots[2].first == scene.stack.word(frames[2].sp - 8));
  CHECK(slots[2].second == frames[2].pc);
  int visits = 0;
  CHECK_FALSE(scene.spine->visit_slots([&](const uint64_t*, uint64_t) { return ++visits < 2; }));
  CHECK(visits == 2);
}

}  // namespace silt::unwind
