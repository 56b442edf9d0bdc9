// SPDX-License-Identifier: Apache-2.0
//
// The spine of a thread that a signal interrupts, on its own stack and on another: the kernel's
// frame leads back, and where the interrupted function has gone on is noticed.

#include <catch2/catch.hpp>
#include <cstdint>

#include "test/interposer/unwind/spine_scene.h"

namespace silt::unwind {

using test::call_many;
using test::FakeStack;
using test::same;
using test::Scene;
using test::Shape;
using test::site;

TEST_CASE("a signal on the same stack leads through the kernel's frame") {
  Scene scene;
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  call_many(scene.stack, 8);
  scene.look();
  scene.stack.signal(site(Shape::kSignalReturn, 0, 1), scene.stack);
  call_many(scene.stack, 3);
  scene.look();
  const Spine::Update again = scene.look();
  CHECK(again.kept == again.count);
}

TEST_CASE("a signal on another stack, above or below, leads back to the first") {
  FakeStack blocks[2] = {FakeStack(4096), FakeStack(4096)};
  for (FakeStack& handler_stack : blocks) {
    Scene scene;
    scene.stack.start(site(Shape::kOutermost, 2, 0));
    call_many(scene.stack, 8);
    scene.look();
    scene.stack.signal(site(Shape::kSignalReturn, 0, 1), handler_stack);
    call_many(scene.stack, 3);
    scene.look();
    scene.look();
    for (int i = 0; i < 4; ++i) scene.stack.leave();
    scene.look();
    call_many(scene.stack, 2);
    scene.look();
  }
}

TEST_CASE("an interrupted pc that changed under the same handler is noticed") {
  Scene scene;
  FakeStack handler_stack(4096);
  scene.stack.start(site(Shape::kOutermost, 2, 0));
  for (unsigned i = 0; i < 5; ++i) scene.stack.call(site(Shape::kPlain, 2, i));
  for (unsigned round = 0; round < 3; ++round) {
    scene.stack.go_on(site(Shape::kPlain, 2, 10 + round));
    scene.stack.signal(site(Shape::kSignalReturn, 0, 1), handler_stack);
    scene.stack.call(site(Shape::kPlain, 2, 20));
    scene.look();
    scene.stack.leave();
    scene.stack.leave();
  }
}

TEST_CASE("an interrupted stack pointer that changed under the same handler is noticed") {
  // The saved sp alone differs: a second pair of slots is what tells.
  for (const bool twice : {false, true}) {
    Scene scene;
    FakeStack handler_stack(4096);
    scene.stack.start(site(Shape::kOutermost, 2, 0));
    for (unsigned i = 0; i < 3; ++i) scene.stack.call(site(Shape::kPlain, 2, i));
    for (unsigned i = 0; i < (twice ? 2 : 1); ++i) scene.stack.call(site(Shape::kPlain, 2, 9));
    scene.stack.signal(site(Shape::kSignalReturn, 0, 1), handler_stack);
    scene.stack.call(site(Shape::kPlain, 2, 20));
    scene.look();
    scene.stack.leave();
    scene.stack.leave();
    scene.stack.call(site(Shape::kPlain, 2, 9));  // recursion: the same pc, lower
    scene.stack.signal(site(Shape::kSignalReturn, 0, 1), handler_stack);
    scene.stack.call(site(Shape::kPlain, 2, 20));
    scene.look();
  }
}

}  // namespace silt::unwind
