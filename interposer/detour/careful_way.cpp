// SPDX-License-Identifier: Apache-2.0
//
// See careful_way.h. The stack meanwhile:
//
//   rbp + 8   where the caller goes on
//   rbp       the caller's rbp
//   rbp - 8   the place + 6
//   rbp - 16  flags
//   rbp - 24  rax, which becomes what is returned; then rcx, rdx, rsi, rdi, r8 to r11
//   ...       vector registers, as XSAVE or FXSAVE keep them (Intel 64 manual, volume 1, 13.4)
//
// Hook context.

#include "interposer/detour/careful_way.h"

#include <cpuid.h>

#include <cstddef>

extern "C" {
// Bytes for vector registers, and XSAVE's mask of them; 0: it is FXSAVE that keeps them.
__attribute__((visibility("hidden"), used)) constinit uint64_t silt_vector_bytes = 512;
__attribute__((visibility("hidden"), used)) constinit uint32_t silt_vector_mask = 0;
}

asm(R"(
  .pushsection .text, "ax", @progbits
  .p2align 4
  .globl silt_careful_way
  .hidden silt_careful_way
  .type silt_careful_way, @function
silt_careful_way:
  .cfi_startproc
  .cfi_def_cfa_offset 16
  xchgq %rbp, (%rsp)
  .cfi_offset %rbp, -16
  pushq %rbp
  .cfi_def_cfa_offset 24
  leaq 8(%rsp), %rbp
  .cfi_def_cfa %rbp, 16
  pushfq
  pushq %rax
  pushq %rcx
  pushq %rdx
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  cld
  subq silt_vector_bytes(%rip), %rsp
  andq $-64, %rsp
  movl silt_vector_mask(%rip), %eax
  testl %eax, %eax
  jz 1f
  xorl %edx, %edx
  movq %rdx, 512(%rsp)
  movq %rdx, 520(%rsp)
  movq %rdx, 528(%rsp)
  movq %rdx, 536(%rsp)
  movq %rdx, 544(%rsp)
  movq %rdx, 552(%rsp)
  movq %rdx, 560(%rsp)
  movq %rdx, 568(%rsp)
  xsave64 (%rsp)
  jmp 2f
1:
  fxsave64 (%rsp)
2:
  movq -8(%rbp), %r11
  movq -40(%rbp), %rdx
  leaq 26(%r11), %r9
  pushq %rbp
  pushq %rbp
  call *10(%r11)
  addq $16, %rsp
  movq -8(%rbp), %r11
  cmpq $0, 18(%r11)
  jne 3f
  movq %rax, -24(%rbp)
3:
  movl silt_vector_mask(%rip), %eax
  testl %eax, %eax
  jz 4f
  xorl %edx, %edx
  xrstor64 (%rsp)
  jmp 5f
4:
  fxrstor64 (%rsp)
5:
  leaq -88(%rbp), %rsp
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rdx
  popq %rcx
  popq %rax
  popfq
  movq %rbp, %rsp
  popq %rbp
  .cfi_def_cfa %rsp, 8
  ret
  .cfi_endproc
  .size silt_careful_way, . - silt_careful_way
  .popsection
)");

namespace silt::detour {

void prepare_careful_way() {
  if (silt_vector_mask != 0) return;
  unsigned a, b, c, d;
  constexpr unsigned kOsXsave = 1u << 27;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kOsXsave) == 0) return;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  // x87, XMM, YMM, masks, ZMM's upper halves, ZMM16 to 31.
  const uint32_t mask = low & 0xe7;
  constexpr unsigned kLegacyAndHeader = 576;
  uint64_t bytes = kLegacyAndHeader;
  for (unsigned part = 2; part < 8; ++part) {
    if ((mask >> part & 1) == 0 || __get_cpuid_count(0xd, part, &a, &b, &c, &d) == 0) continue;
    if (uint64_t{a} + b > bytes) bytes = uint64_t{a} + b;
  }
  silt_vector_bytes = bytes;
  silt_vector_mask = mask;
}

}  // namespace silt::detour
