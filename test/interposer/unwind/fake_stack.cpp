// SPDX-License-Identifier: Apache-2.0
//
// See fake_stack.h.

#include "test/interposer/unwind/fake_stack.h"

#include "interposer/base/arch.h"

namespace silt::unwind::test {
namespace {

// pc = kCode | number << 16 | words << 8 | shape
constexpr uint64_t kCode = uint64_t{0x7c} << 40;

}  // namespace

uint64_t site(Shape shape, unsigned words, unsigned number) {
  return kCode | uint64_t{number} << 16 | uint64_t{words} << 8 | static_cast<uint64_t>(shape);
}
Shape shape_of(uint64_t pc) { return static_cast<Shape>(pc & 0xff); }
unsigned words_of(uint64_t pc) { return static_cast<unsigned>(pc >> 8 & 0xff); }

FrameRule rule_of(uint64_t pc) {
  const int locals = static_cast<int>(words_of(pc)) * 8;
  switch (shape_of(pc)) {
    case Shape::kOutermost:
      return FrameRule(RuleKind::kOutermost);
    case Shape::kPlain:
      return FrameRule(RuleKind::kSp, locals + 8, 0, 0);
    case Shape::kSavesBp:
      return FrameRule(RuleKind::kSp, locals + 16, -16, 0);
    case Shape::kFrame:
      return FrameRule(RuleKind::kBp, 16, -16, 0);
    case Shape::kRealigned:
      return FrameRule(RuleKind::kBpIndirect, 0, 8, -8);
    case Shape::kNoInformation:
      return FrameRule(RuleKind::kFramePointer);
    case Shape::kSignalReturn:
      return FrameRule(RuleKind::kSignal);
    case Shape::kSlow:
      return FrameRule(RuleKind::kSlow);
  }
  return FrameRule(RuleKind::kFramePointer);
}

std::unique_ptr<RuleTable> make_rules() {
  auto rules = std::make_unique<RuleTable>();
  rules->set_deriver(rule_of);
  return rules;
}

std::unique_ptr<Spine> make_spine() { return std::make_unique<Spine>(); }

FakeStack::FakeStack(size_t words) : words_(words, 0) {}

void FakeStack::start(uint64_t pc) {
  frames_.clear();
  const uint64_t top = low() + 8 * words_.size() - 256;
  frames_.push_back(Frame{0, top & ~uint64_t{63}, 0});
  call(pc);
  frames_.erase(frames_.begin());
}

void FakeStack::call(uint64_t pc, uint64_t bp, unsigned more_words) {
  const Frame caller = frames_.back();
  const uint64_t locals = words_of(pc) * 8;
  const uint64_t cfa = caller.sp;
  *word(cfa - 8) = caller.pc;
  switch (shape_of(pc)) {
    case Shape::kOutermost:
      *word(cfa - 8) = 0xdead;  // undefined: nobody may look
      [[fallthrough]];
    case Shape::kSlow:
    case Shape::kPlain:
    case Shape::kSignalReturn:
      frames_.push_back(Frame{pc, cfa - 8 - locals, caller.bp});
      break;
    case Shape::kSavesBp:
      *word(cfa - 16) = caller.bp;
      frames_.push_back(Frame{pc, cfa - 16 - locals, bp});
      break;
    case Shape::kFrame:
    case Shape::kNoInformation:
      *word(cfa - 16) = caller.bp;
      frames_.push_back(Frame{pc, cfa - 16 - locals - 8 * more_words, cfa - 16});
      break;
    case Shape::kRealigned: {
      const uint64_t base = (cfa - 24) & ~uint64_t{63};
      *word(base) = caller.bp;
      *word(base - 8) = cfa;
      frames_.push_back(Frame{pc, base - 8 - locals - 8 * more_words, base});
      break;
    }
  }
}

void FakeStack::signal(uint64_t return_pc, FakeStack& handler_stack) {
  const Frame interrupted = frames_.back();
  // Past the red zone, or at the top of the other stack.
  const uint64_t top = &handler_stack == this
                           ? interrupted.sp - 128
                           : handler_stack.low() + 8 * handler_stack.words_.size();
  const uint64_t context = (top - 640) & ~uint64_t{63};
  *word(context + arch::kSignalPcOffset) = interrupted.pc - 1;
  *word(context + arch::kSignalSpOffset) = interrupted.sp;
  *word(context + arch::kSignalFpOffset) = interrupted.bp;
  frames_.push_back(Frame{return_pc, context, interrupted.bp});
}

void FakeStack::leave() { frames_.pop_back(); }
void FakeStack::go_on(uint64_t pc) { frames_.back().pc = pc; }

void FakeStack::scribble(uint64_t seed) {
  const Frame& frame = frames_.back();
  for (unsigned i = 0; i < words_of(frame.pc); ++i) {
    seed = seed * 0x9e3779b97f4a7c15 + 1;
    *word(frame.sp + 8 * i) = seed;
  }
}

std::vector<Frame> FakeStack::truth() const { return {frames_.rbegin(), frames_.rend()}; }

std::vector<Frame> frames_of(const Spine& spine) {
  std::vector<Frame> frames;
  for (uint32_t i = spine.count(); i > 0; --i) {
    if (spine.pc(i - 1) == 0) continue;
    frames.push_back(spine.frame(i - 1));
    if (!spine.bp_live(i - 1)) frames.back().bp = kNotLive;
  }
  return frames;
}

bool same(const std::vector<Frame>& a, const std::vector<Frame>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].pc != b[i].pc || a[i].sp != b[i].sp) return false;
    if (a[i].bp != b[i].bp && a[i].bp != kNotLive && b[i].bp != kNotLive) return false;
  }
  return true;
}

std::vector<Frame> plain_walk(RuleTable& rules, const Frame& innermost) {
  const std::unique_ptr<Spine> spine = make_spine();
  spine->update(rules, innermost);
  return frames_of(*spine);
}

}  // namespace silt::unwind::test
