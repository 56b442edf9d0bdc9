// SPDX-License-Identifier: Apache-2.0
//
// See self_check.h. Normal context.

#include "interposer/runtime/python/self_check.h"

#include "interposer/base/text.h"
#include "interposer/runtime/python/functions.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/text.h"

namespace silt::python {
namespace {

constexpr int kMostFrames = 16;

// A reference that is given back.
class Held {
 public:
  explicit Held(Object object) : object_(object) {}
  ~Held() {
    if (object_ != nullptr) interpreter.release(object_);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  Object get() const { return object_; }

 private:
  Object object_;
};

bool is_text(Object code, const char* attribute, uint64_t read) {
  const Held text(interpreter.get_attribute(code, attribute));
  if (text.get() == nullptr || reinterpret_cast<uint64_t>(text.get()) != read) {
    interpreter.clear_error();
    return false;
  }
  char ours[256];
  copy_text(read, ours, sizeof(ours));
  const char* const theirs = interpreter.text_of(text.get());
  if (theirs == nullptr) {
    interpreter.clear_error();
    return false;
  }
  return base::length(theirs) + 5 > sizeof(ours) || base::equal(theirs, ours);
}

bool frame_is(Object frame, uint64_t read) {
  const Held held(interpreter.frame_code(frame));
  const auto code = reinterpret_cast<uint64_t>(held.get());
  if (code == 0 || field<uint64_t>(read, kFrameCode) != code ||
      field<uint64_t>(code, kObjectType) != interpreter.code_type) {
    return false;
  }
  const int at = interpreter.frame_instruction(frame);
  const auto instruction = field<uint64_t>(read, kFrameInstruction);
  if (instruction != code + kCodeInstructions + static_cast<uint64_t>(static_cast<int64_t>(at))) {
    return false;
  }
  if (!is_text(held.get(), "co_qualname", field<uint64_t>(code, kCodeName)) ||
      !is_text(held.get(), "co_filename", field<uint64_t>(code, kCodeFile))) {
    return false;
  }
  const int line = interpreter.code_line(held.get(), at);
  const Place place = place_of(code, instruction);
  return line <= 0 || place.line == static_cast<uint32_t>(line);
}

}  // namespace

Checked check_layout(uint64_t* anchor) {
  const ThreadHandle thread = interpreter.current_thread();
  Object frame = interpreter.thread_frame(thread);
  if (frame == nullptr) return Checked::kNothingRuns;
  *anchor = field<uint64_t>(reinterpret_cast<uint64_t>(thread), kThreadAnchor);
  uint64_t read = *anchor == 0 ? 0 : field<uint64_t>(*anchor, kCurrentFrame);
  for (int i = 0; i < kMostFrames && frame != nullptr; ++i) {
    const Held held(frame);
    if (read == 0 || !frame_is(frame, read)) return Checked::kWrong;
    read = field<uint64_t>(read, kFramePrevious);
    frame = interpreter.frame_back(frame);
  }
  if (frame != nullptr) interpreter.release(frame);
  return Checked::kRight;
}

}  // namespace silt::python
