// SPDX-License-Identifier: Apache-2.0
//
// A stack made of an array: calls, returns and signals are played on it as compiled code would, so
// that the truth is known frame by frame, and a walk reads the very words that real code leaves.
// The pcs are no code; rule_of says how to step from each.

#ifndef SILT_TEST_INTERPOSER_UNWIND_FAKE_STACK_H_
#define SILT_TEST_INTERPOSER_UNWIND_FAKE_STACK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "interposer/unwind/frame_rule.h"
#include "interposer/unwind/rule_table.h"
#include "interposer/unwind/spine.h"

namespace silt::unwind::test {

// What a function's code does with the stack; the low bits of its pcs say it.
enum class Shape : uint64_t {
  kOutermost,      // undefined return address
  kPlain,          // CFA from sp, bp untouched
  kSavesBp,        // CFA from sp, bp saved and then used for something else
  kFrame,          // push bp; mov sp, bp
  kRealigned,      // and sp, -64: the CFA is kept in the frame
  kNoInformation,  // as kFrame, but nothing says so
  kSignalReturn,   // the frame that the kernel builds for a handler
  kSlow,           // no simple rule
};

// Among others, a shape without unwind information; where a frame record does not tell its caller's
// stack pointer, its caller would have to keep a frame pointer, which not every other shape does.
inline constexpr Shape kGuessed = arch::kReturnsByRegister ? Shape::kFrame : Shape::kNoInformation;

// A call site: `number` tells sites of one shape and size apart. `words`: of locals, at most 60.
uint64_t site(Shape shape, unsigned words, unsigned number);
Shape shape_of(uint64_t pc);
unsigned words_of(uint64_t pc);
FrameRule rule_of(uint64_t pc);

// Rules as rule_of has them.
std::unique_ptr<RuleTable> make_rules();
std::unique_ptr<Spine> make_spine();

class FakeStack {
 public:
  explicit FakeStack(size_t words);

  // The outermost frame. kOutermost, or another shape whose return address is 0.
  void start(uint64_t pc);
  // The innermost function calls one that stands at `pc` when it is looked at. `bp` is what a
  // function that saves bp leaves in it; a function with a frame pointer can have `more_words` of
  // locals, as alloca makes them.
  void call(uint64_t pc, uint64_t bp = 0x5eed, unsigned more_words = 0);
  // A signal interrupts the innermost function; the handler's stack is this one or another.
  void signal(uint64_t return_pc, FakeStack& handler_stack);
  // The innermost function returns.
  void leave();
  // The innermost function goes on to another call of the same shape and size.
  void go_on(uint64_t pc);
  // What functions write besides the slots that a walk reads: locals of the innermost frame.
  void scribble(uint64_t seed);

  const Frame& innermost() const { return frames_.back(); }
  size_t depth() const { return frames_.size(); }
  // Innermost first.
  std::vector<Frame> truth() const;
  const std::vector<Frame>& frames() const { return frames_; }  // outermost first
  uint64_t low() const { return reinterpret_cast<uint64_t>(words_.data()); }
  bool has_room(size_t words) const { return innermost().sp > low() + 8 * words; }
  uint64_t* word(uint64_t address) { return reinterpret_cast<uint64_t*>(address); }

 private:
  std::vector<uint64_t> words_;
  std::vector<Frame> frames_;
};

// The spine's frames, innermost first, without second pairs of slots. A bp that is not live is
// kNotLive, which same() takes for any other.
inline constexpr uint64_t kNotLive = 0xdead'dead'dead'dead;
std::vector<Frame> frames_of(const Spine& spine);
bool same(const std::vector<Frame>& a, const std::vector<Frame>& b);

// The whole walk, by rules alone: what a new spine says.
std::vector<Frame> plain_walk(RuleTable& rules, const Frame& innermost);

}  // namespace silt::unwind::test

#endif  // SILT_TEST_INTERPOSER_UNWIND_FAKE_STACK_H_
