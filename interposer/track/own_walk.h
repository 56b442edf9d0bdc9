// SPDX-License-Identifier: Apache-2.0
//
// For what a runtime inside the program tells of its frames and its code: a walk of the calling
// thread's stack that is silt's own business, and the use of what was learned. Normal context.

#ifndef SILT_INTERPOSER_TRACK_OWN_WALK_H_
#define SILT_INTERPOSER_TRACK_OWN_WALK_H_

#include <cstdint>

#include "interposer/unwind/frame_rule.h"
#include "interposer/unwind/interpreter.h"

namespace silt::track {

// Shows the frames from the caller's caller on, innermost first, until the visitor returns false.
// `word_at`: the aligned word at an address if it can be read, else 0.
using WordAt = uint64_t (*)(void* walk, uint64_t address);
using VisitFrame = bool (*)(void* visitor, const unwind::Frame& frame, void* walk, WordAt word_at);
void walk_here(VisitFrame visit, void* visitor);

// Frames whose return address lies in [start, end) are an interpreter's from now on, or no longer.
bool add_interpreter(uint64_t start, uint64_t end);
void remove_interpreter(uint64_t start, uint64_t end);
// Where the words that tell an interpreted frame's function, and the place in it, stand, and what
// they mean (interpreter.h).
void describe_interpreter(int64_t slot, int64_t position_slot,
                          unwind::Interpreter::Translate translate);
// [start, end) holds the same code as a module at `original`, which the loader does not know.
void note_copied_code(uint64_t start, uint64_t end, uint64_t original);
// Functions may not be any more what they were: what was remembered of stacks is not trusted.
void forget_walks();

inline constexpr uint64_t kFirstFunctionPc = unwind::kFirstFunctionPc;

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_OWN_WALK_H_
