// SPDX-License-Identifier: Apache-2.0
//
// See jit_log.h: what comes and what goes. function_pc_of alone needs no lock.

#include "interposer/runtime/nodejs/jit_log.h"

#include <atomic>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/runtime/nodejs/code_log.h"
#include "interposer/track/own_walk.h"
#include "interposer/track/recorder.h"

namespace silt::nodejs {
namespace {

constexpr uint64_t kMaximumCode = uint64_t{1} << 30;
// Of code that is gone, when no snapshot is ever written: some megabytes at most.
constexpr uint32_t kMostGone = 65536;

uint64_t hash_of_pc(uint64_t pc) {
  // A node's pc is anywhere in its code.
  const uint64_t what = pc >= track::kFirstFunctionPc ? pc >> kPlaceBits : pc / 64;
  const uint64_t hash = what * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 31;
}

// The pcs of all stacks, so that one that is not in here is in none.
class NodePcs {
 public:
  NodePcs() {
    const uint32_t limit = track::recorder.stacks.id_limit();
    uint64_t bits = uint64_t{1} << 16;
    while (bits < uint64_t{limit} * 16) bits *= 2;
    words_ = static_cast<uint64_t*>(base::map_memory(bits / 8));
    mask_ = bits - 1;
    for (uint32_t id = 1; words_ != nullptr && id < limit; ++id) {
      track::NodeId parent;
      uint64_t pc;
      if (!track::recorder.stacks.read_node(track::NodeId{id}, &parent, &pc)) continue;
      const uint64_t bit = hash_of_pc(pc) & mask_;
      words_[bit / 64] |= uint64_t{1} << bit % 64;
    }
  }
  ~NodePcs() {
    if (words_ != nullptr) base::unmap_memory(words_, (mask_ + 1) / 8);
  }
  NodePcs(const NodePcs&) = delete;
  NodePcs& operator=(const NodePcs&) = delete;

  explicit operator bool() const { return words_ != nullptr; }
  bool may_have(uint64_t pc) const {
    const uint64_t bit = hash_of_pc(pc) & mask_;
    return (words_[bit / 64] >> bit % 64 & 1) != 0;
  }
  bool may_have_any(uint64_t start, uint64_t size) const {
    for (uint64_t at = start & ~uint64_t{63}; at <= start + size; at += 64) {
      if (may_have(at)) return true;
    }
    return false;
  }

 private:
  uint64_t* words_;
  uint64_t mask_;
};

bool is_there(const CodeEntry& entry) {
  const CodePlaces::Place* const place = code_log.machine_code.find(entry.start);
  return place != nullptr && place->size.load(std::memory_order_relaxed) == entry.size &&
         place->name.load(std::memory_order_relaxed) == entry.name;
}

// Drops what nothing refers to any more.
SILT_COLD void sweep() {
  if (code_log.writing) return;
  const NodePcs pcs;
  if (!pcs) return;
  uint32_t gone = 0;
  for (uint32_t i = 0; i < code_log.pending_count; ++i)
    gone += is_there(code_log.pending[i]) ? 0 : 1;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < code_log.pending_count; ++i) {
    const CodeEntry entry = code_log.pending[i];
    if (!is_there(entry) && (gone-- > kMostGone || !pcs.may_have_any(entry.start, entry.size))) {
      code_log.names.release(entry.name);
      continue;
    }
    code_log.pending[kept++] = entry;
  }
  code_log.pending_count = kept;
  code_log.keep_positions_of_pending();
  code_log.names.forget_unused(
      [&pcs](uint64_t serial) { return pcs.may_have(begin_of_serial(serial)); });
  const uint32_t used = code_log.names.used_count();
  code_log.next_sweep = kept < kFirstSweep / 2 ? kFirstSweep : kept * 2;
  code_log.next_used_sweep = used < kFirstSweep / 2 ? kFirstSweep : used * 2;
}

CodePlaces& places_of(CodeKind kind) {
  return kind == CodeKind::kMachine ? code_log.machine_code : code_log.byte_code;
}

// With a reference to the name, which becomes the place's.
void put(CodeKind kind, uint64_t start, uint32_t size, uint32_t name, uint32_t owner,
         PositionBytes positions = {}) {
  bool stacks_have_it = false;
  const auto dropped = [&](uint32_t other) {
    stacks_have_it = stacks_have_it || (other != name && code_log.names.is_used(other));
    code_log.names.release(other);
  };
  if (!places_of(kind).put(start, size, name, owner, dropped)) {
    code_log.names.release(name);
  } else if (kind == CodeKind::kMachine) {
    code_log.append(start, size, name, track::recorder.stacks.node_count(), positions);
  }
  // A stack is known again by the words in it, and here one has got another meaning.
  if (kind == CodeKind::kByte && stacks_have_it) track::forget_walks();
  code_log.any.store(true, std::memory_order_relaxed);
  if (code_log.pending_count >= code_log.next_sweep ||
      code_log.names.used_count() >= code_log.next_used_sweep) {
    sweep();
  }
}

bool is_sane(const Code& code) {
  return code.start != 0 && code.size != 0 && code.size <= kMaximumCode && code.name != nullptr &&
         code.start < track::kFirstFunctionPc - kMaximumCode;
}

// Under the lock.
void add_sane_code(const Code& code) {
  CodePlaces::Place* const known = places_of(code.kind).find(code.start);
  PositionBytes positions{};
  if (code.kind == CodeKind::kByte) {
    positions = code.positions;
    // Told once more without them.
    const uint32_t name = known == nullptr ? 0 : known->name.load(std::memory_order_relaxed);
    if (positions.size == 0 && name != 0 &&
        known->size.load(std::memory_order_relaxed) == code.size &&
        code_log.names.is_of(name, code.name, code.name_size)) {
      if (known->owner != code.owner) known->owner = 0;
      return;
    }
  }
  const uint32_t text = code_log.names.refer(code.name, code.name_size, positions);
  if (text == 0) return;
  if (known != nullptr && known->name.load(std::memory_order_relaxed) == text &&
      known->size.load(std::memory_order_relaxed) == code.size) {
    if (known->owner != code.owner) known->owner = 0;
    code_log.names.release(text);
    return;
  }
  put(code.kind, code.start, static_cast<uint32_t>(code.size), text, code.owner, code.positions);
}

bool is_byte_code_of(const char* file, uint64_t start) {
  const CodePlaces::Place* const place = code_log.byte_code.find(start);
  if (place == nullptr) return false;
  const char* text = code_log.names.text_of(place->name.load(std::memory_order_relaxed));
  for (; *text != '\0'; ++text) {
    if (base::starts_with(text, file)) return true;
  }
  return false;
}

}  // namespace

void add_code(const Code& code) {
  if (!is_sane(code)) return;
  const CodeGuard guard;
  if (guard) add_sane_code(code);
}

CodeBatch::CodeBatch() : buffer_(static_cast<Buffer*>(base::map_within_limit(sizeof(Buffer)))) {}

CodeBatch::~CodeBatch() {
  flush();
  if (buffer_ != nullptr) base::unmap_memory(buffer_, sizeof(Buffer));
}

void CodeBatch::add(const Code& code) {
  if (!is_sane(code)) return;
  if (buffer_ == nullptr || code.name_size > kTextBytes) {
    flush();
    return add_code(code);
  }
  if (count_ == kMostCodes || code.name_size > kTextBytes - text_size_) flush();
  char* const name = buffer_->text + text_size_;
  base::copy_bytes(name, code.name, code.name_size);
  text_size_ += code.name_size;
  buffer_->codes[count_] = code;
  buffer_->codes[count_].positions = {};  // existing code has none
  buffer_->codes[count_++].name = name;
}

void CodeBatch::flush() {
  if (count_ == 0) return;
  const CodeGuard guard;
  for (uint32_t i = 0; guard && i < count_; ++i) add_sane_code(buffer_->codes[i]);
  count_ = 0;
  text_size_ = 0;
}

void move_code(CodeKind kind, uint64_t from, uint64_t to, uint64_t size, uint32_t owner) {
  if (to == 0 || size > kMaximumCode || to >= track::kFirstFunctionPc - kMaximumCode) return;
  const CodeGuard guard;
  if (!guard) return;
  CodePlaces& places = places_of(kind);
  CodePlaces::Place* const known = places.find(from);
  if (known == nullptr) return;
  const uint32_t name = known->name.load(std::memory_order_relaxed);
  const uint32_t bytes = known->size.load(std::memory_order_relaxed);
  const bool stacks_have_it = kind == CodeKind::kByte && code_log.names.is_used(name);
  places.drop(known, [](uint32_t) {});  // the reference goes along
  put(kind, to, bytes, name, owner);
  if (stacks_have_it) track::forget_walks();
}

void drop_code_of(uint32_t owner) {
  const CodeGuard guard;
  if (!guard || owner == 0) return;
  for (CodePlaces* places : {&code_log.machine_code, &code_log.byte_code}) {
    places->for_each([&](CodePlaces::Place& place) {
      if (place.owner != owner) return;
      places->drop(&place, [](uint32_t name) { code_log.names.release(name); });
    });
  }
  track::forget_walks();
}

uint64_t find_byte_code_of(const char* file, uint64_t first, uint64_t last) {
  const CodeGuard guard;
  if (!guard) return 0;
  for (uint64_t start = first; start <= last; ++start) {
    if (is_byte_code_of(file, start)) return start;
  }
  return 0;
}

uint64_t size_of_byte_code(uint64_t start) {
  const CodeGuard guard;
  const CodePlaces::Place* const place = guard ? code_log.byte_code.find(start) : nullptr;
  return place == nullptr ? 0 : place->size.load(std::memory_order_relaxed);
}

size_t copy_byte_code_positions(uint64_t start, uint8_t* into, size_t room) {
  const CodeGuard guard;
  const CodePlaces::Place* const place = guard ? code_log.byte_code.find(start) : nullptr;
  if (place == nullptr) return 0;
  const PositionBytes positions =
      code_log.names.positions_of(place->name.load(std::memory_order_relaxed));
  if (positions.size > room) return 0;
  base::copy_bytes(into, positions.data, positions.size);
  return positions.size;
}

uint64_t function_pc_of(uint64_t start, uint64_t offset) {
  constexpr int kTries = 3;  // it changed while it was read: once is rare
  for (int i = 0; i < kTries; ++i) {
    const CodePlaces::Place* const place = code_log.byte_code.find(start);
    if (place == nullptr) return 0;
    const uint32_t name = place->name.load(std::memory_order_acquire);
    if (name == 0) continue;
    const uint32_t size = place->size.load(std::memory_order_relaxed);
    const uint64_t serial = code_log.names.use(name);
    if (place->start.load(std::memory_order_seq_cst) == start &&
        place->name.load(std::memory_order_seq_cst) == name) {
      return pc_of_place(serial, offset < size ? offset : kUnknownPlace);
    }
  }
  return 0;
}

CodeCounts code_counts() {
  const CodeGuard guard;
  return {code_log.machine_code.count() + code_log.byte_code.count(), code_log.pending_count,
          code_log.names.text_bytes()};
}

}  // namespace silt::nodejs
