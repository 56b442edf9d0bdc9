// SPDX-License-Identifier: Apache-2.0
//
// Where CPython 3.11 keeps what silt reads: the fields of its frames, code objects and texts that
// are not part of its public interface. Joining compares what is read this way with what the
// interpreter's own functions say of a frame that is running (self_check.cpp), so that a build with
// another layout is not joined. Any context.
//
//   native frame of the evaluator    a _PyCFrame on its stack: the anchor
//     current_frame                  the innermost Python frame that it runs
//       previous                     the next outer one; is_entry: another native frame runs that
//       f_code, prev_instr           the function, and the instruction that runs in it

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_LAYOUT_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace silt::python {

// _PyRuntimeState
inline constexpr size_t kStateInitialized = 16;

// _PyCFrame
inline constexpr size_t kCurrentFrame = 8;

// _PyInterpreterFrame
inline constexpr size_t kFrameCode = 32;
inline constexpr size_t kFramePrevious = 48;
inline constexpr size_t kFrameInstruction = 56;
inline constexpr size_t kFrameIsEntry = 68;

// PyThreadState
inline constexpr size_t kThreadAnchor = 56;

// PyObject and PyVarObject
inline constexpr size_t kObjectType = 8;
inline constexpr size_t kObjectSize = 16;

// PyCodeObject: a PyVarObject whose items are instructions
inline constexpr size_t kCodeFirstLine = 72;
inline constexpr size_t kCodeFile = 112;
inline constexpr size_t kCodeName = 128;  // qualified
inline constexpr size_t kCodeLines = 136;
inline constexpr size_t kCodeInstructions = 184;
inline constexpr size_t kInstructionBytes = 2;

// PyBytesObject
inline constexpr size_t kBytesData = 32;

// PyASCIIObject, PyCompactUnicodeObject
inline constexpr size_t kTextLength = 16;
inline constexpr size_t kTextState = 32;
inline constexpr size_t kTextAsciiData = 48;
inline constexpr size_t kTextData = 72;

// PyTypeObject
inline constexpr size_t kTypeDestructor = 48;

template <typename T>
T field(uint64_t object, size_t offset) {
  return __atomic_load_n(reinterpret_cast<const T*>(object + offset), __ATOMIC_RELAXED);
}

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_LAYOUT_H_
