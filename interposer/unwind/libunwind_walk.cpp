// SPDX-License-Identifier: Apache-2.0
//
// See the header. The address space is the process itself, in which libunwind starts from given
// registers and reads only what is a thread's stack or part of a loaded object. Hook context.

#include "interposer/unwind/libunwind_walk.h"

#include "interposer/unwind/libunwind.h"
#include "interposer/unwind/object.h"
#include "interposer/unwind/signing_marks.h"
#include "interposer/unwind/stack_region.h"
#include "interposer/unwind/unwinder.h"

namespace silt::unwind {
namespace {

struct Walk {
  const arch::Registers* registers;
  StackRegions* regions;
  bool no_info;
};

int walk_find(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  const int result = find_table(space, ip, info, need, arg);
  if (result < 0) static_cast<Walk*>(arg)->no_info = true;
  return result;
}

int walk_memory(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EINVAL;
  auto* const walk = static_cast<Walk*>(arg);
  Object object;
  if (walk->regions->readable(address)) {
    __builtin_memcpy(value, reinterpret_cast<const void*>(address), sizeof(*value));
    if constexpr (arch::kReturnsByRegister) {
      // A signed return address: libunwind looks up what it reads.
      const uint64_t plain = arch::plain_address(*value);
      if (plain != *value && find_object(plain, &object)) *value = plain;
    }
    return 0;
  }
  if (!find_object(address, &object)) {
    // Code that was made: an instruction need not lie at a multiple of eight.
    if (!walk->regions->readable(address & ~uint64_t{7}) ||
        !walk->regions->readable((address + 7) & ~uint64_t{7})) {
      return -UNW_EINVAL;
    }
  }
  __builtin_memcpy(value, reinterpret_cast<const void*>(address), sizeof(*value));
  if constexpr (arch::kReturnsByRegister) *value = signing_marks.without(address, *value);
  return 0;
}

int walk_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EBADREG;
  *value = arch::value_of(*static_cast<Walk*>(arg)->registers, number);
  return 0;
}

// The kernel's signal frame was left by this step: pc and sp come from its saved context. (What
// libunwind says of a cursor itself, unw_is_signal_frame, is never true where the unwind
// information has led through the frame.)
bool left_signal_frame(StackRegions& regions, uint64_t old_sp, uint64_t pc, uint64_t sp) {
  const auto holds = [&](uint64_t address, uint64_t value)
      __attribute__((no_sanitize_address, no_sanitize_thread)) {
    return regions.readable(address) && *reinterpret_cast<const uint64_t*>(address) == value;
  };
  return holds(old_sp + arch::kSignalPcOffset, pc) && holds(old_sp + arch::kSignalSpOffset, sp) &&
         (arch::kReturnsByRegister || !holds(sp - 8, pc));
}

size_t walk_locked(const arch::Registers& registers, uint64_t first_sp, Frame* frames,
                   size_t capacity, bool* complete) {
  StackRegions regions{};
  Walk walk{&registers, &regions, false};
  unw_cursor_t cursor;
  if (libunwind.init_remote(&cursor, libunwind.walk_space, &walk) < 0) return 0;
  size_t count = 0;
  uint64_t old_sp = registers.sp;
  uint64_t noted_pc = registers.pc;
  for (;;) {
    const int result = libunwind.step(&cursor);
    if (walk.no_info) return count;
    if (result <= 0) {
      *complete = result == 0;
      return count;
    }
    unw_word_t pc = 0;
    unw_word_t sp = 0;
    unw_word_t bp = 0;
    libunwind.get_reg(&cursor, arch::kDwarfCallerPc, &pc);
    libunwind.get_reg(&cursor, arch::kDwarfSp, &sp);
    libunwind.get_reg(&cursor, arch::kDwarfFp, &bp);
    if (pc == 0) {
      *complete = true;
      return count;
    }
    const bool exact = left_signal_frame(regions, old_sp, pc, sp);
    if (exact) noted_pc = pc;
    if (has_guessed(&cursor, noted_pc)) return count;
    old_sp = sp;
    if (count == 0 && sp < first_sp) continue;
    if (count == capacity) return count;
    frames[count++] = Frame{exact ? pc + 1 : pc, sp, bp};
  }
}

}  // namespace

constinit unw_accessors_t walk_accessors{walk_find,   put_unwind_info, no_dynamic_list,
                                         walk_memory, walk_register,   no_fp_register,
                                         no_resume,   no_name};

size_t walk_with_libunwind(const arch::Registers& registers, uint64_t first_sp, Frame* frames,
                           size_t capacity, bool* complete) {
  *complete = false;
  if (!has_unwinder()) return 0;
  const base::SpinGuard guard(derive_lock);
  size_t count = 0;
  derive_stack.run([&] { count = walk_locked(registers, first_sp, frames, capacity, complete); });
  return count;
}

}  // namespace silt::unwind
