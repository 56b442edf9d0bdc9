// SPDX-License-Identifier: Apache-2.0
//
// What a frame of V8's interpreter tells: the byte code of its function, and how far in it the
// frame has come. Where in the frame these words stand is not written down: it is learned from the
// frames of silt's own script, whose name only the right word leads to, and from those below them.
// Normal context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_INTERPRETER_FRAMES_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_INTERPRETER_FRAMES_H_

#include <cstdint>

namespace silt::nodejs {

// Below a call from silt's own script, whose byte code V8 has told of. Frames whose return address
// lies in [start, end) are the interpreter's from now on, until track::remove_interpreter; false
// where they do not tell their functions.
bool learn_interpreter(uint64_t start, uint64_t end);

// From a word that refers to an array of byte code to the code in it; 0: not learned.
uint64_t byte_code_header();

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_INTERPRETER_FRAMES_H_
