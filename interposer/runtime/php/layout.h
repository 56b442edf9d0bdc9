// SPDX-License-Identifier: Apache-2.0
//
// Where PHP 8.2 keeps what silt reads, on processors of 64 bits and without threads (NTS): fields
// of its engine's structs, as Zend/zend_compile.h, zend_globals.h and zend_types.h declare them.
// Joining compares what is read this way with what the engine's own functions say of a frame that
// is running (self_check.h), so that a build with another layout is not joined. Any context.
//
//   executor_globals
//     current_execute_data           the innermost frame of all
//       prev_execute_data            the next outer one; ZEND_CALL_TOP: another native frame runs
//                                    that
//       func, opline                 the function, and the instruction that it ran last

#ifndef SILT_INTERPOSER_RUNTIME_PHP_LAYOUT_H_
#define SILT_INTERPOSER_RUNTIME_PHP_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace silt::php {

// zend_executor_globals
inline constexpr size_t kCurrentFrame = 488;

// zend_execute_data
inline constexpr size_t kFrameInstruction = 0;
inline constexpr size_t kFrameFunction = 24;
inline constexpr size_t kFrameCallInfo = 40;  // of the zval `This`, its type's word
inline constexpr size_t kFramePrevious = 48;
inline constexpr uint32_t kCallTop = 1u << 17;

// zend_function: what all kinds have, then what zend_op_array has
inline constexpr size_t kFunctionKind = 0;  // a byte
inline constexpr uint8_t kInternal = 1;
inline constexpr uint8_t kUser = 2;
inline constexpr uint8_t kEvalCode = 4;
inline constexpr size_t kFunctionName = 8;  // a zend_string; 0: the code of a file
inline constexpr size_t kFunctionScope = 16;
inline constexpr size_t kCodeCount = 80;  // of instructions
inline constexpr size_t kCodeInstructions = 88;
inline constexpr size_t kCodeFile = 152;
inline constexpr size_t kCodeFirstLine = 160;

// zend_op
inline constexpr size_t kInstructionBytes = 32;
inline constexpr size_t kInstructionHandler = 0;  // where its code begins in the evaluator
inline constexpr size_t kInstructionLine = 24;
inline constexpr size_t kInstructionKind = 28;  // a byte
inline constexpr uint8_t kConcat = 8;
inline constexpr uint8_t kFastConcat = 53;

// zend_class_entry
inline constexpr size_t kClassName = 8;

// zend_string
inline constexpr size_t kTextHash = 8;  // 0: not asked for yet
inline constexpr size_t kTextSize = 16;
inline constexpr size_t kTextBytes = 24;

template <typename T = uint64_t>
T field(uint64_t object, size_t offset) {
  return __atomic_load_n(reinterpret_cast<const T*>(object + offset), __ATOMIC_RELAXED);
}

}  // namespace silt::php

#endif  // SILT_INTERPOSER_RUNTIME_PHP_LAYOUT_H_
