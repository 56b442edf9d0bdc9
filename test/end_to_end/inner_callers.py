# SPDX-License-Identifier: Apache-2.0
"""A program of test_inner_allocators.py whose callers know which registers its functions leave alone."""

# Functions that overwrite no register that they need not, and a caller that relies on it, as GCC's
# callers in the same file do: it calls them with the stack pointer where no ABI allows it, and
# compares all registers afterwards.
KEEPING = r"""
  .globl je_malloc
  .type je_malloc, @function
je_malloc:
  lea room(%rip), %rax
  addq used(%rip), %rax
  addq $64, used(%rip)
  ret
  .size je_malloc, . - je_malloc
  .p2align 4, 0x90
  .globl je_free
  .type je_free, @function
je_free:
  movq %rdi, freed(%rip)
  ret
  .size je_free, . - je_free
  .p2align 4, 0x90
  .globl call_with
  .type call_with, @function
call_with:
  .cfi_startproc
  push %rbx; push %r12; push %r13; push %r14; push %r15
  .cfi_adjust_cfa_offset 40
  mov %rdi, %r13; mov %rsi, %rbx; mov %rdx, %r12; mov %ecx, %r14d
  sub $8, %rsp
  .cfi_adjust_cfa_offset 8
  test %r14d, %r14d
  jz 1f
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  vmovups 128+32*\n(%rbx), %ymm\n
  .endr
  jmp 2f
1:
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movups 128+32*\n(%rbx), %xmm\n
  .endr
2:
  mov 0(%rbx), %rax; mov 8(%rbx), %rcx; mov 16(%rbx), %rdx; mov 24(%rbx), %rsi
  mov 32(%rbx), %rdi; mov 40(%rbx), %r8; mov 48(%rbx), %r9; mov 56(%rbx), %r10; mov 64(%rbx), %r11
  call *%r13
  mov %rax, 0(%r12); mov %rcx, 8(%r12); mov %rdx, 16(%r12); mov %rsi, 24(%r12)
  mov %rdi, 32(%r12); mov %r8, 40(%r12); mov %r9, 48(%r12); mov %r10, 56(%r12); mov %r11, 64(%r12)
  test %r14d, %r14d
  jz 1f
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  vmovups %ymm\n, 128+32*\n(%r12)
  .endr
  vzeroupper
  jmp 2f
1:
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movups %xmm\n, 128+32*\n(%r12)
  .endr
2:
  add $8, %rsp
  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx
  ret
  .cfi_endproc
  .size call_with, . - call_with
  .comm room, 1048576, 4096
  .comm used, 8, 8
  .comm freed, 8, 8
  .section .note.GNU-stack,"",@progbits
"""
RELIES_ON_IT = r"""
#include <string.h>
#include "test/programs/truth.h"
void* je_malloc(size_t);
void je_free(void*);
struct Registers { size_t words[16]; unsigned char vectors[16][32]; };
void call_with(void* function, const struct Registers* before, struct Registers* after, int avx);
static size_t call(void* function, size_t argument) {
  static size_t seed = 1;
  const int avx = __builtin_cpu_supports("avx") != 0;
  struct Registers before, after;
  memset(&before, 0, sizeof before);
  memset(&after, 0, sizeof after);
  for (int i = 0; i < 9; ++i) before.words[i] = seed = seed * 6364136223846793005u + 1442695040888963407u;
  for (int i = 0; i < 16; ++i) memset(before.vectors[i], (int)(seed >> (i + 32)), avx ? 32 : 16);
  before.words[4] = argument;
  call_with(function, &before, &after, avx);
  const size_t result = after.words[0];
  if (function == (void*)je_malloc) after.words[0] = before.words[0];
  VICTIM_CHECK(memcmp(&before, &after, sizeof before) == 0);
  return result;
}
VICTIM_FRAME void* taken(void) { size_t p = call((void*)je_malloc, 48); VICTIM_STAY(); return (void*)p; }
VICTIM_FRAME void given(void* p) { call((void*)je_free, (size_t)p); VICTIM_STAY(); }
int main(void) {
  for (int i = 0; i < 1000; ++i) {
    taken();
    given(taken());
  }
  expect_in("taken", "native", 1000, 48000, 2000, 96000);
  ready("done");
  return 0;
}
"""
