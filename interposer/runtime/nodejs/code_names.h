// SPDX-License-Identifier: Apache-2.0
//
// The names of functions, each once, for as long as code or a stack has it. A name is a place in a
// table; what a stack knows it by, in place of a pc, is a number that is never given twice. A name
// of byte code has the code's positions with it, if V8 has told them: functions of one name whose
// positions differ are two. Whoever changes anything holds a lock, but `use` needs none. Hook
// context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_CODE_NAMES_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_CODE_NAMES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/runtime/nodejs/code_positions.h"

namespace silt::nodejs {

inline constexpr size_t kMaximumName = 2000;

class CodeNames {
 public:
  // The name's place, with one more reference to it; 0 when there is no room. Line ends and NULs
  // become spaces.
  uint32_t refer(const char* text, size_t size, PositionBytes positions = {});
  void refer_again(uint32_t name) { ++names_[name].references; }
  // One reference less. A name that nothing has any more goes.
  void release(uint32_t name);

  // Marks the name as one that a stack has, and tells the number by which it has it. Any thread.
  uint64_t use(uint32_t name) {
    Name& entry = names_[name];
    // In one order with the look whether anything has the name.
    if (entry.used.load(std::memory_order_seq_cst) != kFreshlyUsed &&
        entry.used.exchange(kFreshlyUsed, std::memory_order_seq_cst) == 0) {
      used_count_.fetch_add(1, std::memory_order_relaxed);
    }
    return entry.serial.load(std::memory_order_relaxed);
  }
  bool is_used(uint32_t name) { return names_[name].used.load(std::memory_order_seq_cst) != 0; }
  uint32_t used_count() const { return used_count_.load(std::memory_order_relaxed); }

  // Names that no stack was found to have, twice in a row, are not used any more. `has` tells of a
  // number whether a stack has it.
  template <typename Has>
  void forget_unused(Has&& has) {
    for (uint32_t name = 1; name < limit_; ++name) {
      Name& entry = names_[name];
      const uint32_t used = entry.used.load(std::memory_order_relaxed);
      if (entry.text == 0 || used == 0) continue;
      if (has(entry.serial.load(std::memory_order_relaxed))) {
        entry.used.store(kFreshlyUsed, std::memory_order_relaxed);
      } else if (used > 1) {
        entry.used.store(used - 1, std::memory_order_relaxed);
      } else if (entry.references == 0) {
        entry.used.store(0, std::memory_order_relaxed);
        used_count_.fetch_sub(1, std::memory_order_relaxed);
        drop(name);
      }
    }
  }

  // For the recording: visit(number, name) of used names that it does not have yet, from place
  // `from` on, until it returns false; returns the place to go on at, 0 at the end.
  template <typename Visit>
  uint32_t visit_unwritten(uint32_t from, Visit&& visit) {
    for (uint32_t name = from; name < limit_; ++name) {
      Name& entry = names_[name];
      if (entry.text == 0 || entry.written != kNotWritten ||
          entry.used.load(std::memory_order_relaxed) == 0) {
        continue;
      }
      if (!visit(entry.serial.load(std::memory_order_relaxed), name)) return name;
      entry.written = kBeingWritten;
    }
    return 0;
  }
  void finish_writing(bool good);
  void write_anew();

  const char* text_of(uint32_t name) { return texts_ + names_[name].text; }
  PositionBytes positions_of(uint32_t name);
  // Whether it is this text's, whatever its positions.
  bool is_of(uint32_t name, const char* text, size_t size);
  uint64_t text_bytes() const { return text_end_; }
  uint64_t mapped_bytes() const {
    return text_room_ + uint64_t{limit_} * sizeof(Name) +
           (by_hash_ == nullptr ? 0 : (hash_mask_ + 1) * sizeof(uint32_t));
  }

 private:
  enum Written : uint8_t { kNotWritten = 0, kBeingWritten, kWritten };
  static constexpr uint32_t kFreshlyUsed = 2;

  struct Name {
    std::atomic<uint64_t> serial;
    uint32_t text;  // offset into the texts, 0: the place is free
    uint32_t references;
    std::atomic<uint32_t> used;  // kFreshlyUsed, less the looks that found no stack with it
    Written written;
    uint32_t next_free;
  };

  size_t bytes_of(uint32_t name);
  uint32_t take_place();
  void drop(uint32_t name);
  bool make_room_for_text(size_t size);
  bool make_room_for_hash();
  void put_hash(uint64_t hash, uint32_t name);

  base::ChunkedArray<Name, 2048, 2048> names_;
  uint32_t limit_ = 1;  // of places that were ever taken; 0 is no name
  uint32_t free_ = 0;
  uint64_t last_serial_ = 0;
  std::atomic<uint32_t> used_count_{0};

  char* texts_ = nullptr;
  uint64_t text_room_ = 0;
  uint64_t text_end_ = 0;
  uint64_t text_dead_ = 0;  // bytes of names that went

  uint32_t* by_hash_ = nullptr;  // places; some are out of date
  uint64_t hash_mask_ = 0;
  uint64_t hash_taken_ = 0;
  uint32_t names_count_ = 0;
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_CODE_NAMES_H_
