// SPDX-License-Identifier: Apache-2.0
//
// See interpreter_frames.h.

#include "interposer/runtime/nodejs/interpreter_frames.h"

#include <atomic>

#include "interposer/base/log.h"
#include "interposer/runtime/nodejs/jit_log.h"
#include "interposer/track/own_walk.h"

namespace silt::nodejs {
namespace {

// Where all of silt's own JavaScript is, as V8 writes it in names.
constexpr char kOwnScript[] = "/silt-node.cjs:";

std::atomic<uint64_t> g_header_bytes{0};
std::atomic<bool> g_unlearned{false};

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
  uint64_t start = 0;  // of the interpreter
  uint64_t end = 0;
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
  if (frame.pc <= learned.start || frame.pc > learned.end) return true;
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

}  // namespace

uint64_t byte_code_header() { return g_header_bytes.load(std::memory_order_relaxed); }

bool learn_interpreter(uint64_t start, uint64_t end) {
  if (end == 0 || g_unlearned.load(std::memory_order_relaxed)) return false;
  Learned learned;
  learned.start = start;
  learned.end = end;
  track::walk_here(learn_from_frame, &learned);
  const uint64_t known = byte_code_header();
  if (learned.header == 0 || (known != 0 && known != learned.header)) {
    // With --interpreted-frames-native-stack of the user's own, functions have entries and names.
    base::log(base::LogLevel::kInfo,
              "frames of this V8's interpreter do not tell their functions: those have no names");
    g_unlearned.store(true, std::memory_order_relaxed);
    return false;
  }
  if (known == 0) {
    g_header_bytes.store(learned.header, std::memory_order_relaxed);
    track::describe_interpreter(static_cast<int64_t>(learned.slot), position_slot(learned),
                                place_of_words);
  }
  return track::add_interpreter(start, end);
}

}  // namespace silt::nodejs
