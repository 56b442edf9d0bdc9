# SPDX-License-Identifier: Apache-2.0
"""The programs of test_inner_allocators.py, as texts: what calls an allocator, and allocators.

Their allocators' functions begin in every way that is hard to put a jump into, or that forbids it.
"""

# Each function of the victim calls one entry point, with a size that no other has.
CALLS = r"""
#include <stddef.h>
#include "test/programs/truth.h"
#define JOINED(prefix, name) prefix##name
#define NAME(prefix, name) JOINED(prefix, name)
#define ALLOCATOR(name) NAME(PREFIX, name)
void* ALLOCATOR(malloc)(size_t);
void* ALLOCATOR(calloc)(size_t, size_t);
void* ALLOCATOR(realloc)(void*, size_t);
void ALLOCATOR(free)(void*);
int ALLOCATOR(posix_memalign)(void**, size_t, size_t);
void* ALLOCATOR(memalign)(size_t, size_t);
#ifdef JEMALLOC
void* ALLOCATOR(mallocx)(size_t, int);
void* ALLOCATOR(rallocx)(void*, size_t, int);
size_t ALLOCATOR(xallocx)(void*, size_t, size_t, int);
void ALLOCATOR(dallocx)(void*, int);
void ALLOCATOR(sdallocx)(void*, size_t, int);
#endif
#define KEEP(text) void* p = text; VICTIM_KEEP(p); VICTIM_CHECK(p != NULL); return p
VICTIM_FRAME void* plain(void) { KEEP(ALLOCATOR(malloc)(1009)); }
VICTIM_FRAME void* zeroed(void) { KEEP(ALLOCATOR(calloc)(7, 101)); }
VICTIM_FRAME void* grown(void* old) { KEEP(ALLOCATOR(realloc)(old, 5003)); }
VICTIM_FRAME void* aligned(void) { KEEP(ALLOCATOR(memalign)(64, 2003)); }
VICTIM_FRAME void* out(void) {
  void* p = NULL;
  VICTIM_CHECK(ALLOCATOR(posix_memalign)(&p, 128, 3001) == 0 && (size_t)p % 128 == 0);
  return p;
}
VICTIM_FRAME void* of_libc(void) { KEEP(malloc(47)); }
#ifdef JEMALLOC
VICTIM_FRAME void* extended(void) { KEEP(ALLOCATOR(mallocx)(6007, 0)); }
VICTIM_FRAME void* moved(void* old) { KEEP(ALLOCATOR(rallocx)(old, 70001, 0)); }
VICTIM_FRAME void in_place(void* p) { VICTIM_CHECK(ALLOCATOR(xallocx)(p, 6100, 0, 0) >= 6100); VICTIM_STAY(); }
VICTIM_FRAME void too_large(void* p) { VICTIM_CHECK(ALLOCATOR(xallocx)(p, 1 << 24, 0, 0) < 1 << 24); VICTIM_STAY(); }
#endif
int main(void) {
  for (int i = 0; i < 10; ++i) {
    plain();
    zeroed();
    grown(plain());
    aligned();
    out();
    of_libc();
    ALLOCATOR(free)(plain());
    ALLOCATOR(free)(grown(NULL));
    ALLOCATOR(free)(NULL);
    free(of_libc());
#ifdef JEMALLOC
    in_place(extended());
    too_large(extended());
    moved(extended());
    ALLOCATOR(dallocx)(extended(), 0);
    ALLOCATOR(sdallocx)(extended(), 6007, 0);
#endif
  }
  // No more than silt saw: a resize that fails leaves the block as it was.
  void* kept = plain();
  VICTIM_CHECK(ALLOCATOR(realloc)(kept, (size_t)1 << 60) == NULL);
  expect_in("plain", "native", 11, 11 * 1009, 31, 31 * 1009);
  expect_in("zeroed", "native", 10, 7070, 10, 7070);
  expect_in("grown", "native", 10, 50030, 20, 100060);
  expect_in("aligned", "native", 10, 20030, 10, 20030);
  expect_in("out", "native", 10, 30010, 10, 30010);
  expect_in("of_libc", "native", 10, 470, 20, 940);
#ifdef JEMALLOC
  expect_in("extended", "native", 10, 60070, 50, 300350);
  expect_in("in_place", "native", 10, 61000, 10, 61000);
  expect_in("too_large", "native", 0, 0, 0, 0);
  expect_in("moved", "native", 10, 700010, 10, 700010);
#endif
  ready("done");
  return 0;
}
"""

# An allocator that gives nothing back, behind entry points of assembly language. Blocks have their
# size in front of them.
INNER = r"""
#include <stddef.h>
#include <string.h>
static char room[1 << 24] __attribute__((aligned(4096)));
static size_t used;
long count_of_calls;
void* inner_get(size_t alignment, size_t size) {
  if (size > sizeof room / 2) return NULL;
  if (alignment < 16) alignment = 16;
  const size_t at = (used + 16 + alignment - 1) & -alignment;
  if (at + size > sizeof room) return NULL;
  used = at + size;
  memcpy(room + at - 8, &size, sizeof size);
  return room + at;
}
void* inner_malloc(size_t size) { return inner_get(16, size); }
void* inner_calloc(size_t count, size_t size) { return memset(inner_get(16, count * size), 0, count * size); }
void* inner_realloc(void* old, size_t size) {
  void* const block = inner_get(16, size);
  size_t before = 0;
  if (old) memcpy(&before, (char*)old - 8, sizeof before);
  if (block && old) memcpy(block, old, before < size ? before : size);
  return block;
}
void inner_free(void* block) { (void)block; }
int inner_out(void** block, size_t alignment, size_t size) { return (*block = inner_get(alignment, size)) == NULL; }
"""
FUNCTION = """
  .text
  .p2align 4, 0x90
  .globl {name}
  .type {name}, @function
{name}:
{body}
"""
BODIES = {
    # A branch that is short, and a landing pad.
    "je_malloc": "endbr64; test %rdi, %rdi; je 1f; jmp inner_malloc; 1: inc %rdi; jmp inner_malloc",
    # Relative to the instruction, with an immediate behind it.
    "je_calloc": "addq $1, count_of_calls(%rip); jmp inner_calloc",
    # Five bytes of nothing, for a patch.
    "je_realloc": "xchg %ax, %ax; nop; nop; nop; jmp inner_realloc",
    # Two bytes; the rest is padding.
    "je_free": "jmp 1f\n .size je_free, . - je_free\n .p2align 4, 0x90\n 1: jmp inner_free",
    # A call among the first instructions.
    "je_posix_memalign": "sub $8, %rsp; call inner_out; add $8, %rsp; ret",
    # A loop that begins right behind the jump.
    "je_memalign": "push %rbx; push %rbx; pop %rbx; pop %rbx; nop; mov $3, %eax; "
                   "1: dec %eax; jnz 1b; jmp inner_get",
}
# What leaves a program alone: (function, body, what is said of it).
REFUSED = {
    "jumped_into": ("je_free", "push %rbx; 1: mov $0, %ebx; test %ebx, %ebx; jnz 1b; pop %rbx; jmp inner_free",
                    r"'je_free': its first instructions are jumped to"),
    "jumped_into_from_afar": (
        "je_free", "push %rbx; 1: nop; nop; pop %rbx; jmp inner_free\n .size je_free, . - je_free\n"
        " .skip 4096, 0x90\n .globl elsewhere\n .type elsewhere, @function\n elsewhere: jmp 1b\n"
        " .size elsewhere, . - elsewhere\n", r"'elsewhere': its first instructions are jumped to"),
    "entered_again": ("je_free", "test %rdi, %rdi; jz 1f; xor %edi, %edi; jmp je_free; 1: jmp inner_free",
                      r"'je_free': its first instructions are jumped to"),
    "too_short": ("je_free", "ret\n .size je_free, . - je_free\n .globl behind\n"
                  " .type behind, @function\n behind: mov $1, %eax; ret\n .size behind, . - behind\n",
                  r"'je_free': it is shorter than a jump"),
    "second_function_inside": (
        "je_free", "push %rbx\n .globl inside\n .type inside, @function\n inside: pop %rbx; nop; nop; "
        "nop; ret\n .size inside, . - inside\n .size je_free, . - je_free\n", r"first instructions are jumped to"),
    "calls_through_a_register": (
        "je_free", "lea inner_free(%rip), %rax; sub $8, %rsp; call *%rax; add $8, %rsp; ret", None),
    "calls_at_once": ("je_free", "push %rdi; lea inner_free(%rip), %rax; pop %rdi; call *%rax; ret", None),
    "odd_size": ("je_free", "loop 1f; 1: jmp inner_free", r"'je_free': its first .* cannot be moved"),
    "no_size": ("je_free", "push %rbx; push %rbx; pop %rbx; pop %rbx; jmp inner_free\n .size je_free, 0\n"
                " .globl unsized\n unsized: ret", r"'je_free': it is shorter than a jump"),
}

# Runs a program that may not make writable memory code.
NO_NEW_CODE = r"""
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char** words) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 99;
  execv(words[1], words + 1);
  return 98;
}
"""

THREAD = r"""
#include <pthread.h>
#include <unistd.h>
static void* wait(void* nothing) { pause(); return nothing; }
__attribute__((constructor)) static void begin(void) { pthread_t t; pthread_create(&t, NULL, wait, NULL); }
void needed(void) {}
"""

# operator new that throws, called through two frames; new[] and sized delete are made of it.
OPERATORS = r"""
#include <cstdlib>
#include <new>
#include "test/programs/truth.h"
namespace pool {
char room[1 << 20];
size_t used;
struct Free { Free* next; };
Free* free_blocks;
}  // namespace pool
void* operator new(size_t size) {
  if (size > 1000) throw std::bad_alloc();
  if (size <= 64 && pool::free_blocks != nullptr) {
    void* const block = pool::free_blocks;
    pool::free_blocks = pool::free_blocks->next;
    return block;
  }
  const size_t rounded = size <= 64 ? 64 : (size + 15) / 16 * 16;
  if (pool::used + rounded > sizeof(pool::room)) throw std::bad_alloc();
  pool::used += rounded;
  return pool::room + pool::used - rounded;
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  auto* const free = static_cast<pool::Free*>(block);
  free->next = pool::free_blocks;
  pool::free_blocks = free;
}
void operator delete(void* block, size_t) noexcept { operator delete(block); }
void* operator new[](size_t size) { return operator new(size); }
void operator delete[](void* block) noexcept { operator delete(block); }
void operator delete[](void* block, size_t) noexcept { operator delete(block); }
"""
USES_OPERATORS = r"""
#include <new>
#include "test/programs/truth.h"
VICTIM_FRAME void* one() { void* p = operator new(33); VICTIM_KEEP(p); return p; }
VICTIM_FRAME void* several() { void* p = operator new[](44); VICTIM_KEEP(p); return p; }
VICTIM_FRAME void* huge() { void* p = operator new(100000); VICTIM_KEEP(p); return p; }
int main() {
  for (int i = 0; i < 20; ++i) {
    one();
    operator delete(one());
    operator delete(one(), 33);
    operator delete[](several());
    several();
    bool thrown = false;
    try { huge(); } catch (const std::bad_alloc&) { thrown = true; }
    VICTIM_CHECK(thrown);
  }
  expect_in("one", "native", 20, 660, 60, 1980);
  expect_in("several", "native", 20, 880, 40, 1760);
  expect_in("huge", "native", 0, 0, 0, 0);
  ready("done");
}
"""


def functions(bodies):
    """A file in assembly language with these entry points."""
    text = ""
    for name, code in bodies.items():
        text += FUNCTION.format(name=name, body="  " + code.replace("; ", "\n  "))
        if ".size" not in code:
            text += f"  .size {name}, . - {name}\n"
    return text + '  .section .note.GNU-stack,"",@progbits\n'

# A library that hands out pieces of what it maps, by a FUNCTION of its own, and takes back
# none.
LIBRARY = r"""
#include <stddef.h>
#include <sys/mman.h>
static char pool[1 << 16];
static char* at;
static size_t left;
__attribute__((noinline)) void* FUNCTION(size_t size) {
  size = (size + 15) & ~(size_t)15;
  if (at == NULL && size <= sizeof pool) { at = pool; left = sizeof pool; }
  if (size > left) {
    left = 1 << 20;
    at = mmap(NULL, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  left -= size;
  return (at += size) - size;
}
void RELEASE(void* block) { (void)block; }
__attribute__((visibility("default"))) void take(void) {
  for (int i = 0; i < 5000; ++i) *(volatile char*)FUNCTION(100) = 1;
}
"""
