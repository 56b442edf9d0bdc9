// SPDX-License-Identifier: Apache-2.0
//
// See waiting.h. In the copy of the process: what is read may be half made.

#include "interposer/runtime/python/waiting.h"

#include "interposer/base/text.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/line_table.h"

namespace silt::python {
namespace {

using owners::LabelId;

constexpr size_t kNameRoom = owners::Labels::kLongest + 1;
using Text = base::TextWriter;
using TextRoom = base::TextBuffer<4 * kNameRoom>;

// Of PyGenObject; what is greater runs or has ended.
constexpr int8_t kNotStarted = -2;
constexpr int8_t kWaits = -1;
constexpr int8_t kRuns = 0;

uint64_t code_of(const Peek& peek, uint64_t generator) {
  const uint64_t code = peek.at(generator + kGeneratorFrame, kFrameCode);
  return code != 0 && peek.at(code, kObjectType) == interpreter.code_type ? code : 0;
}

// Where its next instruction is; its first line where that is not known.
uint32_t line_of(const Peek& peek, uint64_t generator, uint64_t code) {
  static constinit uint8_t table[size_t{32} * 1024]{};
  const auto first_line = peek.at<int32_t>(code, kCodeFirstLine);
  const uint64_t lines = peek.at(code, kCodeLines);
  const uint64_t size = peek.at(lines, kObjectSize);
  const uint64_t at = peek.at(generator + kGeneratorFrame, kFrameInstruction);
  if (first_line <= 0) return 0;
  uint32_t found = static_cast<uint32_t>(first_line);
  if (size > sizeof(table) || !peek.read(lines + kBytesData, table, size)) return found;
  const uint64_t wanted = (at - (code + kCodeInstructions)) / kInstructionBytes;
  read_line_table(table, size, found, [&](uint32_t first, uint32_t count, uint32_t line) {
    if (line != 0 && wanted >= first && wanted - first < count) found = line;
  });
  return found;
}

// The generator or coroutine that this one waits for; 0: it waits for something else.
uint64_t awaited_by(const Peek& peek, Types& types, uint64_t generator) {
  if (peek.at<int8_t>(generator, kGeneratorState) != kWaits) return 0;
  const uint64_t frame = generator + kGeneratorFrame;
  const auto top = peek.at<int32_t>(frame, kFrameTop);
  constexpr int32_t kMostValues = 1 << 16;
  if (top <= 0 || top > kMostValues) return 0;
  const uint64_t value = peek.at(frame, kFrameVariables + (static_cast<size_t>(top) - 1) * 8);
  const Type* const type = value == 0 ? nullptr : types.of(value);
  return type != nullptr && type->shape == Shape::kGenerator ? value : 0;
}

// Not the standard library's and of no package, as far as folders tell.
bool is_own(const char* path) {
  if (path[0] == '\0' || base::starts_with(path, "<frozen")) return false;
  for (const char* at = path; *at != '\0'; ++at) {
    if (base::starts_with(at, "/site-packages/") || base::starts_with(at, "/dist-packages/")) {
      return false;
    }
    constexpr char kLibrary[] = "/lib/python";
    if (!base::starts_with(at, kLibrary)) continue;
    const char* end = at + sizeof(kLibrary) - 1;
    const char* const begin = end;
    while ((*end >= '0' && *end <= '9') || *end == '.') ++end;
    if (end != begin && *end == '/') return false;
  }
  return true;
}

void add_function(Types& types, const Peek& peek, uint64_t code, Text& text) {
  char name[kNameRoom];
  types.copy(peek.at(code, kCodeName), name, sizeof(name));
  text.add(name[0] == '\0' ? "?" : name).add("()");
}

void add_place(Types& types, const Peek& peek, uint64_t generator, uint64_t code, Text& text) {
  static constinit char path[4096]{};
  types.copy_path(peek.at(code, kCodeFile), path, sizeof(path));
  text.add(base::base_name(path)).add(':').add_decimal(line_of(peek, generator, code));
}

// What a task waits for: the innermost of its coroutines that is the program's own, or the first.
uint64_t innermost_own(const Peek& peek, Types& types, uint64_t coroutine) {
  static constinit char path[4096]{};
  constexpr int kDeepest = 256;
  uint64_t own = coroutine;
  for (int i = 0; i < kDeepest && coroutine != 0; ++i) {
    const uint64_t code = code_of(peek, coroutine);
    if (code == 0) break;
    types.copy_path(peek.at(code, kCodeFile), path, sizeof(path));
    if (is_own(path)) own = coroutine;
    coroutine = awaited_by(peek, types, coroutine);
  }
  return own;
}

void add_state(Types& types, const Peek& peek, uint64_t generator, uint64_t code, Text& text) {
  const auto state = peek.at<int8_t>(generator, kGeneratorState);
  if (state == kNotStarted) {
    text.add(", not started");
  } else if (state == kWaits || state == kRuns) {
    add_place(types, peek, generator, code, text.add(" at "));
  } else {
    text.add(", ended");
  }
}

LabelId label_of_generator(const Peek& peek, Types& types, const Found& found) {
  const uint64_t code = code_of(peek, found.object);
  if (code == 0) return 0;
  TextRoom text;
  text.add(types.text(found.type->label)).add(' ');
  add_function(types, peek, code, text);
  add_state(types, peek, found.object, code, text);
  return types.add_label(text.c_str());
}

LabelId label_of_task(const Peek& peek, Types& types, const Found& found, uint64_t end) {
  // Its coroutine is the one that it refers to.
  uint64_t coroutine = 0;
  for (uint64_t at = kObjectSize; found.object + at + 8 <= end && coroutine == 0; at += 8) {
    const uint64_t value = peek.at(found.object, at);
    const Type* const type = value == 0 || value % 8 != 0 ? nullptr : types.of(value);
    if (type != nullptr && type->shape == Shape::kGenerator) coroutine = value;
  }
  const uint64_t code = coroutine == 0 ? 0 : code_of(peek, coroutine);
  if (code == 0) return 0;
  TextRoom text;
  text.add(types.text(found.type->label)).add(" of ");
  add_function(types, peek, code, text);
  const uint64_t own = innermost_own(peek, types, coroutine);
  if (peek.at<int8_t>(coroutine, kGeneratorState) != kWaits || own == 0) {
    add_state(types, peek, coroutine, code, text);
    return types.add_label(text.c_str());
  }
  const uint64_t own_code = code_of(peek, own);
  text.add(", waits ");
  if (own != coroutine) {
    add_function(types, peek, own_code, text.add("in "));
    text.add(' ');
  }
  add_place(types, peek, own, own_code, text.add("at "));
  return types.add_label(text.c_str());
}

}  // namespace

LabelId label_of_waiting(const Peek& peek, Types& types, const Found& found, uint64_t end) {
  if (found.type->shape == Shape::kGenerator) return label_of_generator(peek, types, found);
  if (found.type->shape == Shape::kTask) return label_of_task(peek, types, found, end);
  return 0;
}

}  // namespace silt::python
