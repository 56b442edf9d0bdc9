// SPDX-License-Identifier: Apache-2.0
//
// x86-64: raw system calls (which neither touch errno nor pass through our own hooks), the time
// stamp counter, comparisons of words, registers, where a call leaves what leads back from it, and
// what files and the kernel call this machine. docs/porting.md goes through them. Any context.

#ifndef SILT_INTERPOSER_BASE_ARCH_X86_64_H_
#define SILT_INTERPOSER_BASE_ARCH_X86_64_H_

#include <elf.h>
#include <emmintrin.h>
#include <linux/audit.h>
#include <ucontext.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"

namespace silt::arch {

// Returns the kernel's answer: a value, or -errno.
SILT_ALWAYS_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                    long e = 0, long f = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// Ticks of a constant-rate counter; their length is measured against the clock at run time.
SILT_ALWAYS_INLINE uint64_t ticks() { return __builtin_ia32_rdtsc(); }

SILT_ALWAYS_INLINE void pause() { __builtin_ia32_pause(); }

// Whether the pairs of words at two addresses differ from the four at `values`, which lie at a
// multiple of sixteen.
SILT_ALWAYS_INLINE bool pairs_differ(uint64_t first, uint64_t second, const uint64_t* values) {
  const auto* const known = reinterpret_cast<const __m128i*>(values);
  const __m128i a =
      _mm_cmpeq_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(first)), known[0]);
  const __m128i b =
      _mm_cmpeq_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(second)), known[1]);
  return _mm_movemask_epi8(_mm_and_si128(a, b)) != 0xffff;
}

// Callee-saved registers and position of a function that is running.
struct Registers {
  uint64_t rbx, fp, r12, r13, r14, r15, sp, pc;
};

// As the psABI numbers them for DWARF, and libunwind after it.
inline constexpr int kDwarfFp = 6;
inline constexpr int kDwarfSp = 7;
inline constexpr int kDwarfPc = 16;
// Under which libunwind tells where the caller goes on.
inline constexpr int kDwarfCallerPc = kDwarfPc;

// 0 for a register that a call does not preserve.
inline uint64_t value_of(const Registers& registers, int dwarf_number) {
  switch (dwarf_number) {
    case 3:
      return registers.rbx;
    case kDwarfFp:
      return registers.fp;
    case kDwarfSp:
      return registers.sp;
    case 12:
      return registers.r12;
    case 13:
      return registers.r13;
    case 14:
      return registers.r14;
    case 15:
      return registers.r15;
    case kDwarfPc:
      return registers.pc;
    default:
      return 0;
  }
}

SILT_ALWAYS_INLINE void capture(Registers* out) {
  asm volatile(
      "movq %%rbx, 0(%0)\n\t"
      "movq %%rbp, 8(%0)\n\t"
      "movq %%r12, 16(%0)\n\t"
      "movq %%r13, 24(%0)\n\t"
      "movq %%r14, 32(%0)\n\t"
      "movq %%r15, 40(%0)\n\t"
      "movq %%rsp, 48(%0)\n\t"
      "leaq 0(%%rip), %%rcx\n\t"
      "movq %%rcx, 56(%0)\n\t"
      :
      : "a"(out)
      : "rcx", "memory");
}

// Calls function(argument) with the stack pointer at `top`, a multiple of 16. The old one is kept
// in the frame pointer, and the unwind information says so: debuggers can walk across.
__attribute__((naked, noinline)) inline void call_on_stack(void* /*top*/,
                                                           void (* /*function*/)(void*),
                                                           void* /*argument*/) {
  asm("pushq %rbp\n\t"
      ".cfi_def_cfa_offset 16\n\t"
      ".cfi_offset %rbp, -16\n\t"
      "movq %rsp, %rbp\n\t"
      ".cfi_def_cfa_register %rbp\n\t"
      "movq %rdi, %rsp\n\t"
      "movq %rdx, %rdi\n\t"
      "callq *%rsi\n\t"
      "leave\n\t"
      ".cfi_def_cfa %rsp, 8\n\t"
      "retq");
}

// Makes a copy of the process by way of a process that shares its memory and ends at once, so that
// the copy is nobody's child here. One stretch of code that touches no stack, since the one between
// runs on the caller's, which waits meanwhile. Returns 0 in the copy; else the pid of the one
// between, or -errno. `outer` and `inner` are the flags of clone; with CLONE_PARENT_SETTID in
// `inner`, *copy_pid is the copy's pid afterwards. The one between ends with the errno of its
// clone.
SILT_ALWAYS_INLINE long clone_grandchild(long outer, long inner, int* copy_pid) {
  constexpr long kClone = 56;
  constexpr long kExit = 60;
  long result;
  register long r10 asm("r10") = 0;
  register long r8 asm("r8") = 0;
  asm volatile(
      "movq %[clone], %%rax\n\t"
      "movq %[outer], %%rdi\n\t"
      "xorl %%esi, %%esi\n\t"
      "xorl %%edx, %%edx\n\t"
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %[clone], %%rax\n\t"
      "movq %[inner], %%rdi\n\t"
      "xorl %%esi, %%esi\n\t"
      "movq %[pid], %%rdx\n\t"
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jz 1f\n\t"
      "xorl %%edi, %%edi\n\t"
      "testq %%rax, %%rax\n\t"
      "jns 2f\n\t"
      "movl %%eax, %%edi\n\t"
      "negl %%edi\n"
      "2:\n\t"
      "movq %[exit], %%rax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:\n\t"
      : "=&a"(result), "+r"(r10), "+r"(r8)
      : [clone] "i"(kClone), [exit] "i"(kExit), [outer] "r"(outer), [inner] "r"(inner),
        [pid] "r"(copy_pid)
      : "rdi", "rsi", "rdx", "rcx", "r11", "memory", "cc");
  return result;
}

// What the thread-local variables of this thread are reached by.
SILT_ALWAYS_INLINE uint64_t thread_pointer() {
  uint64_t pointer;
  asm("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

// The stack pointer that a glibc jmp_buf leads to: mangled with the pointer guard, which the thread
// control block holds. A glibc that did it otherwise would yield nonsense, so believe it only where
// it is plausible.
SILT_ALWAYS_INLINE uint64_t jump_target(const void* jump_buffer) {
  constexpr int kStackPointer = 6;
  uint64_t value = static_cast<const uint64_t*>(jump_buffer)[kStackPointer];
  asm("rorq $17, %0\n\t"
      "xorq %%fs:0x30, %0"
      : "+r"(value)
      :
      : "cc");
  return value;
}

// A call leaves its return address in the word below the canonical frame address (CFA), whatever
// the function does.
inline constexpr bool kReturnsByRegister = false;
// Where that is so, what is asked by these names is never needed.
inline constexpr int kDwarfLr = -1;
inline constexpr int kSignalLrOffset = 0;
inline constexpr uint64_t kSignalReturnCode = 0;
inline constexpr size_t linkage_entry_size(const uint32_t* /*code*/, size_t /*count*/) { return 0; }

// The address that a return address leads to.
SILT_ALWAYS_INLINE constexpr uint64_t plain_address(uint64_t address) { return address; }

// A frame record, to which the frame pointer of a function that keeps one points: the caller's
// frame pointer, then the return address; the CFA is where the record ends.
inline constexpr uint64_t kRecordFp = 0;
inline constexpr uint64_t kRecordPc = 8;
inline constexpr uint64_t kRecordSize = 16;

// What is known of a call in the function that was called, which keeps a frame pointer.
class CallFrame {
 public:
  constexpr CallFrame() = default;
  SILT_ALWAYS_INLINE explicit CallFrame(const void* record) : record_(record) {}
  SILT_ALWAYS_INLINE const void* record() const { return record_; }
  // The stack pointer after the return, where the caller goes on, and its frame pointer.
  SILT_ALWAYS_INLINE uint64_t sp() const {
    return reinterpret_cast<uint64_t>(record_) + kRecordSize;
  }
  SILT_ALWAYS_INLINE uint64_t pc() const { return word(kRecordPc); }
  SILT_ALWAYS_INLINE uint64_t fp() const { return word(kRecordFp); }
  // For comparisons: a call further in has a lower one.
  SILT_ALWAYS_INLINE operator const void*() const { return record_; }  // NOLINT: on purpose

 private:
  SILT_ALWAYS_INLINE uint64_t word(uint64_t offset) const {
    return *reinterpret_cast<const uint64_t*>(reinterpret_cast<uint64_t>(record_) + offset);
  }
  const void* record_ = nullptr;
};
// Of the function that it stands in.
#define SILT_CALL_FRAME silt::arch::CallFrame(__builtin_frame_address(0))

// Where the jump with a distance of 32 bits, conditional or not, leads that begins at `code`, of
// which kFarJumpSize bytes can be read; 0 where no such jump begins.
inline constexpr size_t kFarJumpSize = 6;
inline uint64_t far_jump_target(const uint8_t* code) {
  const bool conditional = code[0] == 0x0f && (code[1] & 0xf0) == 0x80;
  if (!conditional && code[0] != 0xe9) return 0;
  const uint8_t* const operand = code + (conditional ? 2 : 1);
  int32_t distance;
  __builtin_memcpy(&distance, operand, sizeof(distance));
  return reinterpret_cast<uint64_t>(operand) + sizeof(distance) +
         static_cast<uint64_t>(int64_t{distance});
}

// The kernel's signal frame: on return from a handler the stack pointer points at a ucontext_t;
// its saved registers stand at these offsets (uc_mcontext.gregs[REG_RBP, REG_RSP, REG_RIP]).
inline constexpr int kSignalFpOffset = 120;
inline constexpr int kSignalSpOffset = 160;
inline constexpr int kSignalPcOffset = 168;

// User space ends here without five-level paging, which needs an mmap hint to go beyond.
inline constexpr int kAddressBits = 47;
// What is mapped where the kernel chooses lies above this, programs themselves and their heap
// below.
inline constexpr uint64_t mapped_from() { return 0x7000'0000'0000; }
// Silt's tables are cut into pieces of this size, which is also that of the kernel's pages.
inline constexpr size_t kPageSize = 4096;
inline constexpr size_t page_size() { return kPageSize; }
inline constexpr size_t kLargestPageSize = kPageSize;
// A function may use so much below its stack pointer (System V ABI).
inline constexpr uint64_t kRedZoneBytes = 128;
// Where a thread's own memory lies that is found by its thread pointer. TLS variant II: the
// modules' thread-local variables below it, above it glibc's struct pthread, so large in 2.28
// to 2.41.
inline constexpr uint64_t kThreadDescriptorBytes = 2304;
inline constexpr uint64_t thread_memory_begin(uint64_t pointer, uint64_t tls_bytes) {
  return pointer - tls_bytes;
}
inline constexpr uint64_t thread_memory_end(uint64_t pointer, uint64_t /*tls_bytes*/) {
  return pointer + kThreadDescriptorBytes;
}

inline constexpr uint16_t kElfMachine = EM_X86_64;
inline constexpr uint32_t kAuditArchitecture = AUDIT_ARCH_X86_64;
inline constexpr char kUnwindLibrary[] = "libunwind-x86_64.so.8";

// Versions of glibc's symbols that libsilt.so asks for: those that the machine began with.
#define SILT_OLDEST_VERSION "GLIBC_2.2.5"

// Where a signal's handler returns to, for one that was set without libc.
__attribute__((naked, noinline)) inline void signal_return() {
  asm("movq $15, %rax\n\t"
      "syscall");
}

// For the third argument of a handler that was set with SA_RESTART: the system call that it has
// interrupted and that will begin anew, -1 for none. One that waits with a time limit is none.
inline long restarted_system_call(const void* context) {
  constexpr unsigned char kSystemCall[] = {0x0f, 0x05};
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  const auto* const at = reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
  return at[0] == kSystemCall[0] && at[1] == kSystemCall[1] ? registers[REG_RAX] : -1;
}

// For the third argument of a handler: whether it ended a waiting call, which returns EINTR.
inline bool ended_system_call(const void* context) {
  return static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] == -EINTR;
}

}  // namespace silt::arch

#endif  // SILT_INTERPOSER_BASE_ARCH_X86_64_H_
