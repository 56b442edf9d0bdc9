// SPDX-License-Identifier: Apache-2.0
//
// A stack of an array, its rules and the spine that follows it: what the tests of the spine share.

#ifndef SILT_TEST_INTERPOSER_UNWIND_SPINE_SCENE_H_
#define SILT_TEST_INTERPOSER_UNWIND_SPINE_SCENE_H_

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>

#include "interposer/unwind/spine.h"
#include "test/interposer/unwind/fake_stack.h"

namespace silt::unwind::test {

struct Scene {
  std::unique_ptr<RuleTable> rules = make_rules();
  std::unique_ptr<Spine> spine = make_spine();
  FakeStack stack{64 * 1024};

  // Updates, checks that the spine is the stack, and tags new frames with their index + 1.
  Spine::Update look() {
    const Spine::Update update = spine->update(*rules, stack.innermost());
    CHECK(same(frames_of(*spine), stack.truth()));
    for (uint32_t i = 0; i < update.kept; ++i) CHECK(spine->tag(i) == i + 1);
    for (uint32_t i = update.kept; i < update.count; ++i) spine->set_tag(i, i + 1);
    return update;
  }
};

inline constexpr Shape kShapes[] = {Shape::kPlain, Shape::kSavesBp, Shape::kFrame,
                                    Shape::kRealigned, test::kGuessed};

inline void call_many(FakeStack& stack, int count) {
  for (int i = 0; i < count; ++i) {
    stack.call(site(kShapes[i % 5], static_cast<unsigned>(i % 7), static_cast<unsigned>(i)));
  }
}

}  // namespace silt::unwind::test

#endif  // SILT_TEST_INTERPOSER_UNWIND_SPINE_SCENE_H_
