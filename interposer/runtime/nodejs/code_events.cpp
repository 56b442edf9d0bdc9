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

// Where all of silt's own JavaScript is, as V8 writes it in names.
constexpr char kOwnScript[] = "/silt-node.cjs:";
constexpr char kInterpreterName[] = "Builtin:InterpreterEntryTrampoline";

std::atomic<bool> g_misshapen{false};
// From the word in an interpreted frame to where the byte code starts; 0: not learned.
std::atomic<uint64_t> g_header_bytes{0};
std::atomic<bool> g_unlearned{false};

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
      !t_baseline->gather(event.code_start, event.code_size,
                          g_header_bytes.load(std::memory_order_relaxed), t_positions)) {
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

// The offset into the byte code that a frame's word tells: a small integer, which V8 keeps in the
// upper half of a word, counted from what points to the array of byte code. kNoOffset: none.
constexpr uint64_t kNoOffset = UINT64_MAX;
uint64_t offset_of_word(uint64_t word, uint64_t header) {
  const uint64_t from_pointer = word >> 32;
  if (static_cast<uint32_t>(word) != 0 || from_pointer < header - 1) return kNoOffset;
  return from_pointer - (header - 1);
}

uint64_t place_of_words(uint64_t word, uint64_t position) {
  const uint64_t header = g_header_bytes.load(std::memory_order_relaxed);
  // V8's pointers to objects end in 01, and objects lie at multiples of eight.
  if ((word & 7) != 1 || header == 0) return 0;
  return function_pc_of(word - 1 + header, offset_of_word(position, header));
}

struct Learned {
  uint64_t slot = 0;
  uint64_t header = 0;
  // Bit n: in all frames of which the function is known, n words below the frame pointer stands
  // an offset into its byte code.
  uint32_t position_slots = UINT32_MAX;
};

// Below a frame of silt's own script whose words have told slot and header there are others: node's
// loader, and more of the script.
void learn_position(Learned& learned, const unwind::Frame& frame, void* walk, track::WordAt word_at,
                    uint64_t last_slot) {
  const uint64_t object = word_at(walk, frame.bp - learned.slot) - 1;
  if (object % 8 != 0) return;
  const uint64_t size = size_of_byte_code(object + learned.header);
  if (size == 0) return;
  for (uint64_t slot = 8; slot <= last_slot; slot += 8) {
    const uint64_t offset = offset_of_word(word_at(walk, frame.bp - slot), learned.header);
    if (offset >= size) learned.position_slots &= ~(uint32_t{1} << slot / 8);
  }
  learned.position_slots &= (uint32_t{2} << last_slot / 8) - 2;
}

bool learn_from_frame(void* told, const unwind::Frame& frame, void* walk, track::WordAt word_at) {
  Learned& learned = *static_cast<Learned*>(told);
  // Return address, saved frame pointer, context, function, number of arguments; then what an
  // interpreted frame has more, in some order.
  constexpr uint64_t kFirstSlot = 8;
  constexpr uint64_t kLastSlot = 64;
  // An array of byte code begins with at least its map and length.
  constexpr uint64_t kShortestHeader = 16;
  constexpr uint64_t kLongestHeader = 128;
  if (frame.pc <= t_interpreter.start || frame.pc > t_interpreter.end) return true;
  for (uint64_t slot = kFirstSlot; learned.slot == 0 && slot <= kLastSlot; slot += 8) {
    const uint64_t word = word_at(walk, frame.bp - slot);
    if ((word & 7) != 1) continue;
    const uint64_t object = word - 1;
    const uint64_t start =
        find_byte_code_of(kOwnScript, object + kShortestHeader, object + kLongestHeader);
    if (start == 0) continue;
    learned.slot = slot;
    learned.header = start - object;
  }
  if (learned.slot != 0) learn_position(learned, frame, walk, word_at, kLastSlot);
  return true;
}

// The word next to the one that tells the function, if there are several. 0: none.
int64_t position_slot(const Learned& learned) {
  const uint32_t slots = learned.position_slots;
  if (slots == UINT32_MAX || slots == 0) return 0;
  const uint32_t next = uint32_t{2} << learned.slot / 8;
  return 8 * static_cast<int64_t>(__builtin_ctz((slots & next) != 0 ? next : slots));
}

// Below a call from silt's own script.
void learn_frames() {
  if (t_interpreter.end == 0 || g_unlearned.load(std::memory_order_relaxed)) return;
  Learned learned;
  track::walk_here(learn_from_frame, &learned);
  const uint64_t known = g_header_bytes.load(std::memory_order_relaxed);
  if (learned.header == 0 || (known != 0 && known != learned.header)) {
    // With --interpreted-frames-native-stack of the user's own, functions have entries and names.
    base::log(base::LogLevel::kInfo,
              "frames of this V8's interpreter do not tell their functions: those have no names");
    g_unlearned.store(true, std::memory_order_relaxed);
    return;
  }
  if (known == 0) {
    g_header_bytes.store(learned.header, std::memory_order_relaxed);
    track::describe_interpreter(static_cast<int64_t>(learned.slot), position_slot(learned),
                                place_of_words);
  }
  t_added = track::add_interpreter(t_interpreter.start, t_interpreter.end);
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
  if (good) learn_frames();
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
