// SPDX-License-Identifier: Apache-2.0
//
// A model test of walking with memory: random programs call, return, go on, are interrupted, and
// switch between coroutines, and after each few steps the spine and the stack memory, used as the
// recorder uses them, must name exactly the stack that a plain walk of everything finds.

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "interposer/unwind/spine.h"
#include "interposer/unwind/stack_memory.h"
#include "test/interposer/unwind/fake_stack.h"

namespace silt::unwind {
namespace {

using test::FakeStack;
using test::same;
using test::Shape;
using test::site;

// Names of stacks: (outer stack's name, pc) -> name.
class Tree {
 public:
  uint32_t child(uint32_t parent, uint64_t pc) {
    uint32_t& id = children_[{parent, pc}];
    if (id == 0) id = ++last_;
    return id;
  }

 private:
  struct Hash {
    size_t operator()(const std::pair<uint32_t, uint64_t>& key) const {
      return (key.first * 0x9e3779b97f4a7c15 ^ key.second) * 0xd6e8feb86659fd93 >> 16;
    }
  };
  std::unordered_map<std::pair<uint32_t, uint64_t>, uint32_t, Hash> children_;
  uint32_t last_ = 0;
};

struct Figures {
  uint64_t looks = 0;
  uint64_t remembered = 0;
  uint64_t joined = 0;
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {
    for (int i = 0; i < kStacks; ++i) {
      stacks_.push_back(std::make_unique<FakeStack>(16 * 1024));
      stacks_.back()->start(random_() % 2 == 0 ? site(Shape::kOutermost, 2, pick(3))
                                               : site(Shape::kPlain, 2, pick(3)));
      signals_.push_back(std::make_unique<FakeStack>(4096));
      handlers_.push_back(Handler{});
    }
  }

  void step() {
    FakeStack& stack = *stacks_[current_];
    const unsigned dice = pick(100);
    if (dice < 45 && stack.has_room(1500)) {
      call(stack);
    } else if (dice < 80) {
      leave(1 + (pick(10) == 0 ? pick(30) : pick(3)));
    } else if (dice < 90) {
      go_on(stack);
    } else if (dice < 93 && handlers_[current_].begins == 0 && stack.has_room(1500)) {
      handlers_[current_].begins = stack.depth();
      FakeStack& handler_stack = pick(2) == 0 ? stack : *signals_[current_];
      stack.signal(site(Shape::kSignalReturn, 0, pick(2)), handler_stack);
      handlers_[current_].calls_left = &handler_stack != &stack ? 20 : INT32_MAX;
    } else if (dice < 96) {
      current_ = pick(kStacks);
    } else if (dice == 99) {
      spine_->forget();
      memory_->forget();
    }
    stacks_[current_]->scribble(random_());
  }

  // What the recorder does at an allocation, and whether it is right.
  bool look(bool check_whole) {
    ++figures.looks;
    const FakeStack& stack = *stacks_[current_];
    const Frame frame = stack.innermost();
    uint32_t expected = 0;
    for (const Frame& outer : stack.frames()) expected = tree_.child(expected, outer.pc);
    const uint32_t known = memory_->find(frame);
    if (known != 0) {
      ++figures.remembered;
      return known == expected && memory_->mark() == static_cast<uint16_t>(known);
    }
    const Spine::Update update = spine_->update(*rules_, frame);
    if (update.ending != Ending::kComplete || update.slow) return false;
    if (update.kept > 0) ++figures.joined;
    uint32_t node = update.kept > 0 ? spine_->tag(update.kept - 1) : 0;
    for (uint32_t i = update.kept; i < update.count; ++i) {
      if (spine_->pc(i) != 0) node = tree_.child(node, spine_->pc(i));
      spine_->set_tag(i, node);
    }
    if (node != expected || !same(test::frames_of(*spine_), stack.truth())) return false;
    if (check_whole && !same(test::plain_walk(*rules_, frame), stack.truth())) return false;
    if (spine_->reusable() && memory_->wants(node)) {
      memory_->remember(frame, spine_->bp_live(spine_->count() - 1), node,
                        static_cast<uint16_t>(node),
                        [&](auto&& visit) { return spine_->visit_slots(visit); });
    }
    return true;
  }

  Figures figures;

 private:
  static constexpr int kStacks = 3;

  struct Handler {
    size_t begins = 0;  // depth of its outermost frame, 0: none is running
    int calls_left = 0;
  };

  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void call(FakeStack& stack) {
    Handler& handler = handlers_[current_];
    if (handler.begins != 0 && handler.calls_left-- <= 0) return;
    constexpr Shape kShapes[] = {Shape::kPlain, Shape::kPlain, Shape::kPlain,     Shape::kSavesBp,
                                 Shape::kFrame, Shape::kFrame, Shape::kRealigned, test::kGuessed};
    // Few sites and sizes, so that stacks come again in other company.
    stack.call(site(kShapes[pick(8)], 1 + 2 * pick(2), pick(4)), 0x1000 + pick(3), pick(3));
  }

  void leave(unsigned count) {
    FakeStack& stack = *stacks_[current_];
    for (; count > 0 && stack.depth() > 1; --count) {
      stack.leave();
      if (stack.depth() <= handlers_[current_].begins) handlers_[current_].begins = 0;
    }
  }

  void go_on(FakeStack& stack) {
    const uint64_t pc = stack.innermost().pc;
    const Shape shape = test::shape_of(pc);
    if (shape == Shape::kSignalReturn) return;
    stack.go_on(site(shape, test::words_of(pc), pick(4)));
  }

  std::mt19937_64 random_;
  std::unique_ptr<RuleTable> rules_ = test::make_rules();
  std::unique_ptr<Spine> spine_ = test::make_spine();
  std::unique_ptr<StackMemory> memory_ = std::make_unique<StackMemory>();
  Tree tree_;
  std::vector<std::unique_ptr<FakeStack>> stacks_;
  std::vector<std::unique_ptr<FakeStack>> signals_;
  std::vector<Handler> handlers_;
  unsigned current_ = 0;
};

}  // namespace

TEST_CASE("400,000 steps of random programs: memory and spine name what a plain walk finds") {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Model model(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 50'000; ++i) {
      model.step();
      if (random() % 3 == 0) continue;
      INFO("seed " << seed << ", step " << i);
      REQUIRE(model.look(i % 50 == 0));
      if (random() % 4 == 0) REQUIRE(model.look(false));
    }
    // The short cuts were taken, so that it is they that were tested.
    CHECK(model.figures.remembered > model.figures.looks / 20);
    CHECK(model.figures.joined > model.figures.looks / 10);
  }
}

}  // namespace silt::unwind
