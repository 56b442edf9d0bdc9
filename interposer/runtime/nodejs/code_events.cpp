// SPDX-License-Identifier: Apache-2.0
//
// See code_events.h. Events of moved byte code come from V8's collector threads too.

#include "interposer/runtime/nodejs/code_events.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/log.h"
#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/runtime/nodejs/api.h"
#include "interposer/runtime/nodejs/baseline_positions.h"
#include "interposer/runtime/nodejs/code_positions.h"
#include "interposer/runtime/nodejs/copied_builtins.h"
#include "interposer/runtime/nodejs/interpreter_frames.h"
#include "interposer/runtime/nodejs/jit_log.h"
#include "interposer/track/own_walk.h"

namespace silt::nodejs {

// v8::JitCodeEvent as in V8 10.2 to 13.6. Its isolate, which stands last, tells whether this is
// still its shape.
struct JitCodeEvent {
  int type;
  int code_type;
  uint64_t code_start;
  size_t code_size;
  const void* script;
  void* user_data;
  void* wasm_source;
  union {
    struct {
      const char* text;
      size_t size;
    } name;
    uint64_t new_start;
    struct {
      size_t code_offset;
      size_t script_offset;
      int kind;
    } position;
    char widest[24];
  };
  const void* isolate;
};
static_assert(sizeof(JitCodeEvent) == 80);

namespace {

constexpr int kCodeAdded = 0;
constexpr int kCodeMoved = 1;
constexpr int kPositionAdded = 3;
constexpr int kPositionsBegin = 4;
constexpr int kPositionsEnd = 5;
constexpr int kByteCode = 0;
constexpr int kMachineCode = 1;
constexpr int kWasmCode = 2;
constexpr int kEnumerateExisting = 1;

constexpr char kInterpreterName[] = "Builtin:InterpreterEntryTrampoline";

std::atomic<bool> g_misshapen{false};

// Isolates lie further apart than the bits that are lost.
uint32_t number_of(const void* isolate) {
  const auto number = static_cast<uint32_t>(reinterpret_cast<uint64_t>(isolate) >> 8);
  return number == 0 ? 1 : number;
}

// Of the code that this thread is making; nullptr where there was no memory, or no isolate.
thread_local constinit PositionGatherer* t_positions __attribute__((tls_model("initial-exec"))) =
    nullptr;

// nullptr until the thread makes baseline code.
thread_local constinit BaselinePositions* t_baseline __attribute__((tls_model("initial-exec"))) =
    nullptr;

// `Function:^name …`: the mark of V8's baseline compiler.
bool is_baseline(const JitCodeEvent& event) {
  for (size_t i = 0; i + 1 < event.name.size; ++i) {
    if (event.name.text[i] == ':') return event.name.text[i + 1] == '^';
  }
  return false;
}

PositionBytes positions_of_baseline(const JitCodeEvent& event) {
  if (t_baseline == nullptr) {
    t_baseline = static_cast<BaselinePositions*>(base::map_within_limit(sizeof(BaselinePositions)));
  }
  if (t_baseline == nullptr ||
      !t_baseline->gather(event.code_start, event.code_size, byte_code_header(), t_positions)) {
    return {};
  }
  t_positions->end(event.code_start);
  return t_positions->take(event.code_start, 0);
}

void note_position(const JitCodeEvent& event) {
  if (t_positions == nullptr) return;
  if (event.type == kPositionsBegin) t_positions->begin();
  if (event.type == kPositionsEnd) t_positions->end(event.code_start);
  if (event.type == kPositionAdded) {
    t_positions->add(event.position.code_offset, event.position.script_offset);
  }
}

void note_event(const JitCodeEvent& event, CodeBatch* batch) {
  if (event.type != kCodeAdded && event.type != kCodeMoved) return;
  if (event.code_type < kByteCode || event.code_type > kWasmCode) return;
  if (g_misshapen.load(std::memory_order_relaxed)) return;
  const CodeKind kind = event.code_type == kByteCode ? CodeKind::kByte : CodeKind::kMachine;
  const uint32_t owner = number_of(event.isolate);
  if (event.type == kCodeMoved) {
    if (batch != nullptr) batch->flush();
    move_code(kind, event.code_start, event.new_start, event.code_size, owner);
    return;
  }
  Code code{kind, event.code_start, event.code_size, event.name.text, event.name.size, owner};
  if (t_positions != nullptr) {
    // Of machine code no place is asked for that it does not have.
    code.positions =
        t_positions->take(event.code_start, kind == CodeKind::kByte ? event.code_size : 0);
    if (kind == CodeKind::kMachine && batch == nullptr && is_baseline(event)) {
      code.positions = positions_of_baseline(event);
    }
  }
  if (batch != nullptr) {
    batch->add(code);
  } else {
    add_code(code);
  }
}

void on_code_event(const JitCodeEvent* event) {
  if (event->type >= kPositionAdded && event->type <= kPositionsEnd) return note_position(*event);
  note_event(*event, nullptr);
}

struct CodeRange {
  uint64_t start;
  uint64_t end;
};

// The first events come for code that exists, on this very thread: does an event look as expected?
thread_local constinit const void* t_isolate __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local constinit CodeRange t_interpreter __attribute__((tls_model("initial-exec"))) = {};
thread_local constinit bool t_added __attribute__((tls_model("initial-exec"))) = false;
thread_local constinit CodeBatch* t_batch __attribute__((tls_model("initial-exec"))) = nullptr;

void on_first_events(const JitCodeEvent* event) {
  // A collector's thread, that moves code meanwhile. (What is in the batch has no name then.)
  if (t_batch == nullptr) return on_code_event(event);
  if (event->type < 0 || event->type > 8 || event->isolate != t_isolate) {
    g_misshapen.store(true, std::memory_order_relaxed);
  }
  if (event->type == kCodeAdded && event->code_type == kMachineCode &&
      event->name.size == sizeof(kInterpreterName) - 1 &&
      base::starts_with(event->name.text, kInterpreterName)) {
    t_interpreter = {event->code_start, event->code_start + event->code_size};
  }
  note_event(*event, t_batch);
}

}  // namespace

bool watch_code() {
  if (!has_code_events() || g_misshapen.load(std::memory_order_relaxed)) return false;
  t_isolate = api.current_isolate();
  if (t_isolate == nullptr) return false;
  note_copied_builtins();
  {
    CodeBatch batch;
    t_batch = &batch;
    api.set_code_handler(api.current_isolate(), kEnumerateExisting, on_first_events);
    t_batch = nullptr;
  }
  const bool good = !g_misshapen.load(std::memory_order_relaxed);
  if (good && t_positions == nullptr) {
    t_positions = static_cast<PositionGatherer*>(base::map_within_limit(sizeof(PositionGatherer)));
  }
  api.set_code_handler(api.current_isolate(), 0, good ? on_code_event : nullptr);
  if (good) t_added = learn_interpreter(t_interpreter.start, t_interpreter.end);
  return good;
}

void stop_watching_code() {
  if (t_isolate == nullptr || api.current_isolate() != t_isolate) return;
  api.set_code_handler(api.current_isolate(), 0, nullptr);
  if (t_added) track::remove_interpreter(t_interpreter.start, t_interpreter.end);
  drop_code_of(number_of(t_isolate));
  if (t_positions != nullptr) base::unmap_memory(t_positions, sizeof(PositionGatherer));
  if (t_baseline != nullptr) base::unmap_memory(t_baseline, sizeof(BaselinePositions));
  t_positions = nullptr;
  t_baseline = nullptr;
  t_isolate = nullptr;
  t_added = false;
  t_interpreter = {};
}

}  // namespace silt::nodejs
