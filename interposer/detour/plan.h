// SPDX-License-Identifier: Apache-2.0
//
// The detours of all entry points, which come about together or not at all. Near the program's code
// each function has a place for the way to its hook and for the copy of its first instructions:
//
//   0   mov r9, copy      the hook's sixth argument
//  10   jmp [rip + 0]
//  16   address of the hook
//  32   the copy
//
// or, where its callers may know what it does to registers (callers.h):
//
//   0   call [rip + 2]
//   8   address of the careful way
//  16   address of the hook for it
//  24   1: the function returns nothing
//  32   the copy
//
// Normal context, while there is one thread.

#ifndef SILT_INTERPOSER_DETOUR_PLAN_H_
#define SILT_INTERPOSER_DETOUR_PLAN_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/text.h"
#include "interposer/detour/decoder.h"
#include "interposer/detour/entries.h"
#include "interposer/detour/program.h"
#include "interposer/detour/prologue.h"
#include "interposer/format/snapshot.h"

namespace silt::detour {

struct Detour {
  const EntryPoint* entry;
  Prologue prologue;
  uint64_t place;

  // Where the jump to the hook stands, and ends.
  uint64_t jump() const { return entry->address + prologue.jump_at; }
  uint64_t jump_end() const { return jump() + kJumpSize; }
};

class Plan {
 public:
  Plan(const Program& program, const EntryPoints& entries) : program_(program), entries_(entries) {}
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // What stands in the way is said of `blame`, a function's name, or nullptr.
  format::InnerRefusal carry_out(const Decoder& decoder, const char** blame, base::TextWriter& why);

 private:
  size_t pages_size() const;
  format::InnerRefusal make_places(base::TextWriter& why);
  format::InnerRefusal copy_all(const Decoder& decoder, const char** blame, base::TextWriter& why);
  const char* find_jump_into(const Decoder& decoder) const;
  format::InnerRefusal change(base::TextWriter& why);
  Code code_of(uint64_t address, uint64_t size) const;
  bool is_bad(uint64_t from, const Instruction& instruction) const;
  size_t find_far_jumps(uint64_t* found, size_t most) const;
  void write_way(const Decoder& decoder, const EntryPoint& entry, uint8_t* bytes) const;
  static void write_jumps(void* plan);

  const Program& program_;
  const EntryPoints& entries_;
  Text text_{};
  Detour detours_[kEntryCount];
  uint8_t* pages_ = nullptr;
};

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_PLAN_H_
