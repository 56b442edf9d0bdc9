// SPDX-License-Identifier: Apache-2.0
//
// How a walk of the spine's ends: complete, broken off where a stack cannot be right, left to
// libunwind, or cut where it has too many frames; and that the next walk is whole again.

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "test/interposer/unwind/spine_scene.h"

namespace silt::unwind {
using test::call_many;
using test::frames_of;
using test::kShapes;
using test::same;
using test::Scene;
using test::Shape;
using test::site;

TEST_CASE("a stack that ends in a return address of zero is complete") {
  for (const Shape shape : kShapes) {
    Scene scene;
    scene.stack.start(site(shape, 2, 0));
    call_many(scene.stack, 4);
    CHECK(scene.look().ending == Ending::kComplete);
    scene.look();
  }
}

TEST_CASE("a return address that was zero and is so no more is noticed") {
  Scene scene;
  scene.stack.start(site(Shape::kPlain, 2, 0));
  scene.stack.call(site(Shape::kPlain, 2, 1));
  scene.look();
  // The same place is now called from somewhere: a stack that another stack's memory became.
  const uint64_t slot = scene.stack.frames().front().sp + 16;
  *scene.stack.word(slot) = site(Shape::kOutermost, 0, 5);
  const Spine::Update update = scene.spine->update(*scene.rules, scene.stack.innermost());
  CHECK(update.count == 3);
  CHECK(same(frames_of(*scene.spine), test::plain_walk(*scene.rules, scene.stack.innermost())));
}

TEST_CASE("a frame pointer of zero ends a walk through code without information") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  const Frame innermost{site(Shape::kNoInformation, 0, 1), scene.stack.innermost().sp, 0};
  const Spine::Update update = scene.spine->update(*scene.rules, innermost);
  CHECK(update.ending == Ending::kComplete);
  CHECK(update.count == 1);
}

TEST_CASE("frame pointers that cannot be right break the walk instead of the program") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  const uint64_t sp = scene.stack.innermost().sp - 1024;
  const uint64_t pc = site(Shape::kNoInformation, 0, 1);
  for (const uint64_t bp : {uint64_t{8}, sp - 16, sp + 4, sp + (uint64_t{1} << 30), UINT64_MAX,
                            uint64_t{1} << 62, uint64_t{0x5eed}}) {
    const Spine::Update update = scene.spine->update(*scene.rules, Frame{pc, sp, bp});
    CHECK(update.ending == Ending::kBroken);
    CHECK(update.kept == 0);
    CHECK(update.count == 1);
    CHECK_FALSE(scene.spine->reusable());
  }
}

TEST_CASE("a stack that leads to itself, or down, breaks off") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  scene.stack.call(site(Shape::kNoInformation, 4, 1));
  scene.stack.call(site(Shape::kNoInformation, 4, 2));
  const Frame inner = scene.stack.innermost();
  *scene.stack.word(inner.bp) = inner.bp;  // the caller's frame pointer is this frame's own
  CHECK(scene.spine->update(*scene.rules, inner).ending == Ending::kBroken);
  *scene.stack.word(inner.bp) = inner.bp - 16;
  CHECK(scene.spine->update(*scene.rules, inner).ending == Ending::kBroken);
  // A rule whose CFA lies at or below sp.
  CHECK(scene.spine->update(*scene.rules, Frame{site(Shape::kFrame, 0, 3), inner.sp, 0}).ending ==
        Ending::kBroken);
}

TEST_CASE("after a broken walk the next one is whole again") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  call_many(scene.stack, 9);
  scene.look();
  const Frame broken{site(Shape::kNoInformation, 0, 1), scene.stack.innermost().sp, 8};
  CHECK(scene.spine->update(*scene.rules, broken).ending == Ending::kBroken);
  CHECK(scene.look().kept == 0);
  const Spine::Update again = scene.look();
  CHECK(again.kept == again.count);
}

TEST_CASE("a frame without a simple rule is left to libunwind, and the spine is not reused") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  scene.stack.call(site(Shape::kPlain, 2, 1));
  scene.stack.call(site(Shape::kSlow, 2, 2));
  const Spine::Update update = scene.spine->update(*scene.rules, scene.stack.innermost());
  CHECK(update.slow);
  CHECK_FALSE(scene.spine->reusable());
  scene.stack.leave();
  CHECK(scene.look().kept == 0);
}

TEST_CASE("2048 frames are a whole stack, one more is cut to the innermost 256") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 1, 0));
  for (unsigned i = 1; i < kMaximumFrames; ++i) scene.stack.call(site(Shape::kPlain, 1, i));
  const Spine::Update whole = scene.look();
  CHECK(whole.count == kMaximumFrames);
  CHECK(whole.ending == Ending::kComplete);
  const auto check_cut = [&](const Spine::Update& update) {
    CHECK(update.ending == Ending::kTruncated);
    CHECK(update.kept == 0);
    CHECK(update.count == kTruncatedFrames);
    std::vector<Frame> truth = scene.stack.truth();
    truth.resize(kTruncatedFrames);
    CHECK(same(frames_of(*scene.spine), truth));
  };
  scene.stack.call(site(Shape::kPlain, 1, 5000));
  check_cut(scene.spine->update(*scene.rules, scene.stack.innermost()));  // joined, then cut
  check_cut(scene.spine->update(*scene.rules, scene.stack.innermost()));
  scene.spine->forget();
  check_cut(scene.spine->update(*scene.rules, scene.stack.innermost()));  // walked, then cut
  scene.stack.leave();
  CHECK(scene.look().ending == Ending::kComplete);
  for (unsigned i = 0; i < 3000; ++i) scene.stack.call(site(Shape::kPlain, 1, 6000 + i));
  check_cut(scene.spine->update(*scene.rules, scene.stack.innermost()));
}

}  // namespace silt::unwind
