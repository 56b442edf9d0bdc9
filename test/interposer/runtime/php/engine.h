// SPDX-License-Identifier: Apache-2.0
//
// Memory of the process laid out as PHP's engine has it: texts, classes, functions and frames.

#ifndef SILT_TEST_INTERPOSER_RUNTIME_PHP_ENGINE_H_
#define SILT_TEST_INTERPOSER_RUNTIME_PHP_ENGINE_H_

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "interposer/runtime/php/interpreter.h"
#include "interposer/runtime/php/layout.h"

namespace silt::php {

template <typename T>
void put(uint64_t object, size_t offset, T value) {
  std::memcpy(reinterpret_cast<char*>(object) + offset, &value, sizeof(value));
}

class Engine {
 public:
  Engine() {
    interpreter.library.stays = true;
    interpreter.globals = make(512);
  }

  uint64_t make(size_t size) {
    pieces_.push_back(std::make_unique<char[]>(size));
    std::memset(pieces_.back().get(), 0, size);
    return reinterpret_cast<uint64_t>(pieces_.back().get());
  }
  uint64_t text(std::string_view content, bool hashed = true) {
    const uint64_t made = make(kTextBytes + content.size() + 1);
    if (hashed) put<uint64_t>(made, kTextHash, std::hash<std::string_view>()(content) | 1);
    put<uint64_t>(made, kTextSize, content.size());
    std::memcpy(reinterpret_cast<char*>(made) + kTextBytes, content.data(), content.size());
    return made;
  }
  uint64_t class_of(std::string_view name) {
    const uint64_t made = make(kClassName + 8);
    put(made, kClassName, text(name));
    return made;
  }

  // In a file, with instruction i in line first_line + i; an empty name: a file's own code.
  uint64_t user(std::string_view name, uint32_t first_line, std::string_view file = "/app.php",
                uint64_t scope = 0) {
    const uint64_t made = make(kCodeFirstLine + 8);
    fill(made, name, first_line, file, scope);
    return made;
  }
  void fill(uint64_t function, std::string_view name, uint32_t first_line, std::string_view file,
            uint64_t scope = 0) {
    const uint64_t code = make(kInstructions * kInstructionBytes);
    for (uint32_t i = 0; i < kInstructions; ++i) {
      put(code, i * kInstructionBytes + kInstructionLine, first_line + i);
    }
    put(function, kFunctionKind, kUser);
    put(function, kFunctionName, name.empty() ? 0 : text(name));
    put(function, kFunctionScope, scope);
    put(function, kCodeCount, kInstructions);
    put(function, kCodeInstructions, code);
    put(function, kCodeFile, text(file));
    put(function, kCodeFirstLine, first_line);
  }
  uint64_t internal(std::string_view name, uint64_t scope = 0) {
    const uint64_t made = make(kCodeFirstLine + 8);
    put(made, kFunctionKind, kInternal);
    put(made, kFunctionName, name.empty() ? 0 : text(name));
    put(made, kFunctionScope, scope);
    return made;
  }

  uint64_t frame(uint64_t function, uint64_t previous, uint32_t instruction = 0, bool top = false) {
    const uint64_t made = make(kFramePrevious + 8);
    put(made, kFrameFunction, function);
    put(made, kFramePrevious, previous);
    put(made, kFrameCallInfo, top ? kCallTop : 0u);
    at(made, instruction);
    return made;
  }
  // Moves the frame on.
  static void at(uint64_t frame, uint32_t instruction) {
    const auto function = field(frame, kFrameFunction);
    if (function == 0 || field<uint8_t>(function, kFunctionKind) == kInternal) return;
    put(frame, kFrameInstruction,
        field(function, kCodeInstructions) + instruction * kInstructionBytes);
  }
  static void run(uint64_t frame) { put(interpreter.globals, kCurrentFrame, frame); }

  static constexpr uint32_t kInstructions = 32;

 private:
  std::vector<std::unique_ptr<char[]>> pieces_;
};

}  // namespace silt::php

#endif  // SILT_TEST_INTERPOSER_RUNTIME_PHP_ENGINE_H_
