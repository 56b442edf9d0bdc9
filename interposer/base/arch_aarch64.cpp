// SPDX-License-Identifier: Apache-2.0
//
// What arch_aarch64.h cannot have inline. Any context.

#include <setjmp.h>
#include <sys/auxv.h>

#include <atomic>

#include "interposer/base/arch.h"

// (GCC knows no function without a prologue here.)
asm(R"(
  .text
  .align 2
  .hidden silt_call_on_stack
  .global silt_call_on_stack
  .type silt_call_on_stack, %function
silt_call_on_stack:
  .cfi_startproc
  stp x29, x30, [sp, #-16]!
  .cfi_def_cfa_offset 16
  .cfi_offset 29, -16
  .cfi_offset 30, -8
  mov x29, sp
  .cfi_def_cfa_register 29
  mov sp, x0
  mov x0, x2
  blr x1
  mov sp, x29
  .cfi_def_cfa_register 31
  ldp x29, x30, [sp], #16
  .cfi_restore 29
  .cfi_restore 30
  .cfi_def_cfa_offset 0
  ret
  .cfi_endproc
  .size silt_call_on_stack, . - silt_call_on_stack

  .align 3
  .hidden silt_signal_return
  .global silt_signal_return
  .type silt_signal_return, %function
  nop
silt_signal_return:
  mov x8, #139
  svc #0
  .size silt_signal_return, . - silt_signal_return
)");

namespace silt::arch {
namespace {

constinit std::atomic<size_t> g_page_size{0};

}  // namespace

// The guard is a variable of the loader's that nobody else is to know. A jmp_buf of our own has it
// beside what is known.
__attribute__((noinline)) uint64_t jump_target(const void* jump_buffer) {
  constexpr int kStackPointer = 13;
  jmp_buf own;
  uint64_t stack_pointer;
  if (_setjmp(own) != 0) __builtin_unreachable();
  asm volatile("mov %0, sp" : "=r"(stack_pointer));
  const auto word = [](const void* buffer) {
    return static_cast<const uint64_t*>(buffer)[kStackPointer];
  };
  return word(jump_buffer) ^ word(own) ^ stack_pointer;
}

// Relaxed: whoever reads 0 finds out for itself, and all find the same.
size_t page_size() {
  size_t size = g_page_size.load(std::memory_order_relaxed);
  if (size == 0) [[unlikely]] {
    size = getauxval(AT_PAGESZ);
    if (size < kPageSize) size = kPageSize;
    g_page_size.store(size, std::memory_order_relaxed);
  }
  return size;
}

// libsilt.so itself is where the kernel chose.
uint64_t mapped_from() {
  const auto own = reinterpret_cast<uint64_t>(&g_page_size);
  const uint64_t end_of_user_space = uint64_t{1} << (64 - __builtin_clzl(own));
  return end_of_user_space / 16 * 13;
}

}  // namespace silt::arch
