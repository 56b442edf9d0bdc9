// SPDX-License-Identifier: Apache-2.0
//
// Frames of an interpreter that the program brings along: all functions that it runs share
// one pc, and which of them a frame runs stands in the frame, a word at a fixed distance from its
// frame pointer; so does, in another word, how far in the function it has come. A walk reads these
// words as two more slots on which the stack depends, and has them translated into a pc of its own
// for the place in the function. The words may be anything: they are looked up, and never followed.
// All-zero is valid: then there is no interpreter. Hook context, but for the functions that say
// otherwise.

#ifndef SILT_INTERPOSER_UNWIND_INTERPRETER_H_
#define SILT_INTERPOSER_UNWIND_INTERPRETER_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/spin_lock.h"

namespace silt::unwind {

// What stands for a function in place of a pc lies past the end of user space, where no code is.
inline constexpr uint64_t kFirstFunctionPc = uint64_t{1} << arch::kAddressBits;

class Interpreter {
 public:
  // The pc that stands for the place in the function, from kFirstFunctionPc on; 0: not known.
  // `position` is 0 where nothing tells it.
  using Translate = uint64_t (*)(uint64_t word, uint64_t position);

  // Normal context. Where the words stand, below the frame pointer, and what they mean. No
  // `position_slot` (0): only the function is told.
  void describe(int64_t slot, int64_t position_slot, Translate translate) {
    translate_.store(translate, std::memory_order_relaxed);
    position_slot_.store(position_slot, std::memory_order_relaxed);
    slot_.store(slot, std::memory_order_release);
  }

  // Normal context. The code [start, end) is an interpreter's; it may be added more than once, and
  // is forgotten when it was removed as often. False when there are too many.
  bool add(uint64_t start, uint64_t end);
  void remove(uint64_t start, uint64_t end);

  // Whether the return address lies in an interpreter.
  bool contains(uint64_t pc) const;

  // Bytes below the frame pointer; 0: not known.
  int64_t slot() const { return slot_.load(std::memory_order_acquire); }
  int64_t position_slot() const { return position_slot_.load(std::memory_order_relaxed); }
  uint64_t function_pc(uint64_t word, uint64_t position) const {
    const Translate translate = translate_.load(std::memory_order_relaxed);
    return translate == nullptr ? 0 : translate(word, position);
  }

 private:
  // As many as there are interpreters at a time: each thread may have a copy of its own.
  static constexpr uint32_t kRanges = 256;

  struct Range {
    std::atomic<uint64_t> start;
    std::atomic<uint64_t> end;
    uint32_t users;
  };

  base::SpinLock lock_;
  std::atomic<int64_t> slot_{0};
  std::atomic<int64_t> position_slot_{0};
  std::atomic<Translate> translate_{nullptr};
  std::atomic<uint32_t> used_{0};
  Range ranges_[kRanges]{};
};

extern constinit Interpreter interpreter;

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_INTERPRETER_H_
