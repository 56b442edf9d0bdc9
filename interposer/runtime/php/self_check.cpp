// SPDX-License-Identifier: Apache-2.0
//
// See self_check.h.

#include "interposer/runtime/php/self_check.h"

#include "interposer/base/text.h"
#include "interposer/runtime/php/interpreter.h"
#include "interposer/runtime/php/layout.h"

namespace silt::php {
namespace {

constexpr int kMostFrames = 64;

// Whether the zend_string at this address holds this text, as far as it has no NUL.
bool is_text(uint64_t text, const char* expected) {
  char bytes[256];
  uint64_t size = 0;
  const size_t length = base::length(expected);
  if (text == 0 || !read_field(text, kTextSize, &size) || size < length) return false;
  for (size_t at = 0; at < length; at += sizeof(bytes)) {
    const size_t part = length - at < sizeof(bytes) ? length - at : sizeof(bytes);
    if (!read(text + kTextBytes + at, bytes, part)) return false;
    for (size_t i = 0; i < part; ++i) {
      if (bytes[i] != expected[at + i]) return false;
    }
  }
  char end = 'x';
  return read(text + kTextBytes + length, &end, 1) && end == '\0';
}

struct Function {
  uint8_t kind;
  uint64_t name;
  uint64_t scope;
};

bool read_function(uint64_t address, Function* function) {
  return read_field(address, kFunctionKind, &function->kind) &&
         read_field(address, kFunctionName, &function->name) &&
         read_field(address, kFunctionScope, &function->scope) &&
         (function->kind == kInternal || function->kind == kUser || function->kind == kEvalCode);
}

// The engine is asked of the innermost frame, and says "main" of the code of a file.
bool is_active(const Function& function) {
  const char* const name = interpreter.active_function();
  if (function.name != 0 && (name == nullptr || !is_text(function.name, name))) return false;
  if (function.kind == kEvalCode) return true;
  const char* space = nullptr;
  const char* const class_name = interpreter.active_class(&space);
  if (function.scope == 0) return class_name == nullptr || class_name[0] == '\0';
  uint64_t text = 0;
  return read_field(function.scope, kClassName, &text) && class_name != nullptr &&
         is_text(text, class_name);
}

bool is_executed(uint64_t frame, uint64_t function) {
  uint64_t instruction = 0;
  uint64_t first = 0;
  uint64_t file = 0;
  uint32_t count = 0;
  uint32_t line = 0;
  if (!read_field(frame, kFrameInstruction, &instruction) ||
      !read_field(function, kCodeInstructions, &first) ||
      !read_field(function, kCodeCount, &count) || !read_field(function, kCodeFile, &file)) {
    return false;
  }
  const uint64_t offset = instruction - first;
  if (offset % kInstructionBytes != 0 || offset / kInstructionBytes >= count) return false;
  if (!read_field(instruction, kInstructionLine, &line)) return false;
  return line != 0 && line == interpreter.executed_line() &&
         is_text(file, interpreter.executed_file());
}

}  // namespace

Checked check_layout() {
  uint64_t frame = current_frame();
  bool innermost = true;
  for (int i = 0; i < kMostFrames && frame != 0; ++i) {
    uint64_t address = 0;
    uint64_t previous = 0;
    if (!read_field(frame, kFrameFunction, &address) ||
        !read_field(frame, kFramePrevious, &previous)) {
      return Checked::kWrong;
    }
    if (address != 0) {
      Function function{};
      if (!read_function(address, &function)) return Checked::kWrong;
      if (innermost && !is_active(function)) return Checked::kWrong;
      if (function.kind != kInternal) {
        return is_executed(frame, address) ? Checked::kRight : Checked::kWrong;
      }
    } else if (innermost) {
      return Checked::kNothingRuns;  // the engine's functions take it that there is one
    }
    innermost = false;
    frame = previous;
  }
  return Checked::kNothingRuns;
}

}  // namespace silt::php
