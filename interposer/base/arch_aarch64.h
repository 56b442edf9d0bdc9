// SPDX-License-Identifier: Apache-2.0
//
// aarch64 (64-bit Arm, AAPCS64) under Linux: the same names as in arch_x86_64.h. What is different
// in kind: a call leaves its return address in a register (x30), and the function that is called
// saves it where it likes, so that a frame rule says where; a frame record lies anywhere in its
// frame, so that it does not tell the caller's stack pointer; a return address in memory may be
// signed; a page has 4, 16 or 64 KiB. docs/porting.md goes through them. Any context.
//
// Longer than 300 lines: one list of names, as in the other files of its kind.

#ifndef SILT_INTERPOSER_BASE_ARCH_AARCH64_H_
#define SILT_INTERPOSER_BASE_ARCH_AARCH64_H_

#include <elf.h>
#include <linux/audit.h>
#include <signal.h>
#include <ucontext.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"

namespace silt::arch {

// Returns the kernel's answer: a value, or -errno. (The kernel keeps all registers but x0.)
SILT_ALWAYS_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                    long e = 0, long f = 0) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory", "cc");
  return x0;
}

// Ticks of the generic timer, which counts at a constant rate; their length is measured against the
// clock at run time. (It may be read before what comes earlier has ended, which is no matter to
// what is measured over thousands of calls.)
SILT_ALWAYS_INLINE uint64_t ticks() {
  uint64_t value;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
}

SILT_ALWAYS_INLINE void pause() { asm volatile("yield" : : : "memory"); }

// Whether the pairs of words at two addresses differ from the four at `values`.
SILT_ALWAYS_INLINE bool pairs_differ(uint64_t first, uint64_t second, const uint64_t* values) {
  const auto* const a = reinterpret_cast<const uint64_t*>(first);
  const auto* const b = reinterpret_cast<const uint64_t*>(second);
  return ((a[0] ^ values[0]) | (a[1] ^ values[1]) | (b[0] ^ values[2]) | (b[1] ^ values[3])) != 0;
}

// Callee-saved registers and position of a function that is running.
struct Registers {
  uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, fp, lr, sp, pc;
};

// As DWARF for the Arm 64-bit Architecture numbers them, and libunwind after it; the pc has a
// number of libunwind's own.
inline constexpr int kDwarfFp = 29;
inline constexpr int kDwarfLr = 30;
inline constexpr int kDwarfSp = 31;
inline constexpr int kDwarfPc = 32;
// Under which libunwind tells where the caller goes on: UNW_TDEP_IP.
inline constexpr int kDwarfCallerPc = kDwarfLr;

// 0 for a register that a call does not preserve.
inline uint64_t value_of(const Registers& registers, int dwarf_number) {
  constexpr int kFirstSaved = 19;
  if (dwarf_number >= kFirstSaved && dwarf_number <= kDwarfPc) {
    uint64_t values[sizeof(Registers) / sizeof(uint64_t)];
    __builtin_memcpy(values, &registers, sizeof(values));
    return values[dwarf_number - kFirstSaved];
  }
  return 0;
}

SILT_ALWAYS_INLINE void capture(Registers* out) {
  asm volatile(
      "stp x19, x20, [%0]\n\t"
      "stp x21, x22, [%0, #16]\n\t"
      "stp x23, x24, [%0, #32]\n\t"
      "stp x25, x26, [%0, #48]\n\t"
      "stp x27, x28, [%0, #64]\n\t"
      "stp x29, x30, [%0, #80]\n\t"
      "mov x9, sp\n\t"
      "adr x10, .\n\t"
      "stp x9, x10, [%0, #96]\n\t"
      :
      : "r"(out)
      : "x9", "x10", "memory");
}

// Calls function(argument) with the stack pointer at `top`, a multiple of 16. The old one is kept
// in the frame pointer, and the unwind information says so: debuggers can walk across.
extern "C" __attribute__((visibility("hidden"))) void silt_call_on_stack(void* top,
                                                                         void (*function)(void*),
                                                                         void* argument);
SILT_ALWAYS_INLINE void call_on_stack(void* top, void (*function)(void*), void* argument) {
  silt_call_on_stack(top, function, argument);
}

// Makes a copy of the process by way of a process that shares its memory and ends at once, so that
// the copy is nobody's child here. One stretch of code that touches no stack, since the one between
// runs on the caller's, which waits meanwhile. Returns 0 in the copy; else the pid of the one
// between, or -errno. `outer` and `inner` are the flags of clone; with CLONE_PARENT_SETTID in
// `inner`, *copy_pid is the copy's pid afterwards. The one between ends with the errno of its
// clone.
SILT_ALWAYS_INLINE long clone_grandchild(long outer, long inner, int* copy_pid) {
  constexpr long kClone = 220;
  constexpr long kExit = 93;
  register long x0 asm("x0");
  asm volatile(
      "mov x8, %[clone]\n\t"
      "mov x0, %[outer]\n\t"
      "mov x1, xzr\n\t"
      "mov x2, xzr\n\t"
      "mov x3, xzr\n\t"
      "mov x4, xzr\n\t"
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, %[inner]\n\t"
      "mov x2, %[pid]\n\t"
      "svc #0\n\t"
      "cbz x0, 1f\n\t"
      "cmp x0, #0\n\t"
      "neg x0, x0\n\t"
      "csel x0, x0, xzr, lt\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #1\n"
      "1:\n\t"
      : "=&r"(x0)
      : [clone] "i"(kClone), [exit] "i"(kExit), [outer] "r"(outer), [inner] "r"(inner),
        [pid] "r"(copy_pid)
      : "x1", "x2", "x3", "x4", "x8", "memory", "cc");
  return x0;
}

// What the thread-local variables of this thread are reached by.
SILT_ALWAYS_INLINE uint64_t thread_pointer() {
  uint64_t pointer;
  asm("mrs %0, tpidr_el0" : "=r"(pointer));
  return pointer;
}

// Where a thread's own memory lies that is found by its thread pointer. TLS variant I: glibc's
// struct pthread below it (1,856 bytes in 2.36), two words of the C library at it, the modules'
// thread-local variables above.
inline constexpr uint64_t kThreadDescriptorBytes = 1856;
inline constexpr uint64_t thread_memory_begin(uint64_t pointer, uint64_t /*tls_bytes*/) {
  return pointer - kThreadDescriptorBytes;
}
inline constexpr uint64_t thread_memory_end(uint64_t pointer, uint64_t tls_bytes) {
  return pointer + 16 + tls_bytes;
}

// The stack pointer that a glibc jmp_buf leads to: mangled with the pointer guard. A glibc that did
// it otherwise would yield nonsense, so believe it only where it is plausible.
uint64_t jump_target(const void* jump_buffer);

// A call leaves its return address in the link register. Where the function has saved it, and
// whether it has, is a part of the frame rule.
inline constexpr bool kReturnsByRegister = true;

// The address that a return address leads to. A function that is compiled for pointer
// authentication saves its own signed: the signature stands in the bits that no address uses. (The
// instruction that strips it, xpaclri, would take as many and clobber a register.)
SILT_ALWAYS_INLINE constexpr uint64_t plain_address(uint64_t address) {
  return address & ((uint64_t{1} << 48) - 1);
}

// A frame record, to which the frame pointer of a function that keeps one points: the caller's
// frame pointer, then the return address. It lies within the frame.
inline constexpr uint64_t kRecordFp = 0;
inline constexpr uint64_t kRecordPc = 8;
inline constexpr uint64_t kRecordSize = 16;

// What is known of a call in the function that was called: its frame record and its canonical frame
// address, the stack pointer after the return.
class CallFrame {
 public:
  constexpr CallFrame() = default;
  SILT_ALWAYS_INLINE CallFrame(const void* record, const void* cfa) : record_(record), cfa_(cfa) {}
  SILT_ALWAYS_INLINE const void* record() const { return record_; }
  SILT_ALWAYS_INLINE uint64_t sp() const { return reinterpret_cast<uint64_t>(cfa_); }
  // Not signed: silt is not compiled so.
  SILT_ALWAYS_INLINE uint64_t pc() const { return word(kRecordPc); }
  SILT_ALWAYS_INLINE uint64_t fp() const { return word(kRecordFp); }
  // For comparisons: a call further in has a lower one.
  SILT_ALWAYS_INLINE operator const void*() const { return cfa_; }  // NOLINT: on purpose

 private:
  SILT_ALWAYS_INLINE uint64_t word(uint64_t offset) const {
    return *reinterpret_cast<const uint64_t*>(reinterpret_cast<uint64_t>(record_) + offset);
  }
  const void* record_ = nullptr;
  const void* cfa_ = nullptr;
};
// Of the function that it stands in.
#ifdef __clang__
#define SILT_CALL_FRAME silt::arch::CallFrame(__builtin_frame_address(0), __builtin_sponentry())
#else
#define SILT_CALL_FRAME silt::arch::CallFrame(__builtin_frame_address(0), __builtin_dwarf_cfa())
#endif

// Where the jump leads that begins at `code`, of which kFarJumpSize bytes can be read, if it is one
// that can leave a function for its cold part: b, b.cond, cbz, cbnz. 0 where no such jump begins.
inline constexpr size_t kFarJumpSize = 4;
inline uint64_t far_jump_target(const uint8_t* code) {
  const auto at = reinterpret_cast<uint64_t>(code);
  if (at % kFarJumpSize != 0) return 0;
  uint32_t instruction;
  __builtin_memcpy(&instruction, code, sizeof(instruction));
  int64_t distance;
  if ((instruction & 0xfc00'0000) == 0x1400'0000) {
    distance = static_cast<int32_t>(instruction << 6) >> 6;
  } else if ((instruction & 0xff00'0010) == 0x5400'0000 ||
             (instruction & 0x7e00'0000) == 0x3400'0000) {
    distance = static_cast<int32_t>(instruction << 8) >> 13;
  } else {
    return 0;
  }
  return at + static_cast<uint64_t>(distance) * kFarJumpSize;
}

// The code to which a signal's handler returns: mov x8, #139; svc #0. The kernel's is in its own
// object, without unwind information on purpose: unwinders know it by these two instructions.
inline constexpr uint64_t kSignalReturnCode = 0xd400'0001'd280'1168;

// An entry of a procedure linkage table, which has no unwind information and changes neither the
// stack nor x30: adrp x16, ...; ldr x17, [x16, ...]; add x16, x16, ...; br x17. With bti c in front
// where branches are protected, with autia1716 before the branch where pointers are. Returns how
// many instructions the one that begins at `code` has, of which `count` can be read; 0: none does.
inline size_t linkage_entry_size(const uint32_t* code, size_t count) {
  constexpr uint32_t kHints = 0xffff'f01f;  // bti, autia1716 and nop are among them
  constexpr uint32_t kHint = 0xd503'201f;
  constexpr uint32_t kWanted[][2] = {{0x9f00'001f, 0x9000'0010},
                                     {0xffc0'03ff, 0xf940'0211},
                                     {0xffc0'03ff, 0x9100'0210},
                                     {0xffff'ffff, 0xd61f'0220}};
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if ((code[i] & kHints) == kHint) continue;
    if ((code[i] & kWanted[found][0]) != kWanted[found][1]) return 0;
    if (++found == 4) return i + 1;
  }
  return 0;
}

// The kernel's signal frame: on return from a handler the stack pointer points at a siginfo_t,
// which a ucontext_t follows; its saved registers stand at these offsets.
inline constexpr int kSignalContext = 128;
inline constexpr int kSignalFpOffset = kSignalContext + 184 + 29 * 8;
inline constexpr int kSignalLrOffset = kSignalContext + 184 + 30 * 8;
inline constexpr int kSignalSpOffset = kSignalContext + 184 + 31 * 8;
inline constexpr int kSignalPcOffset = kSignalContext + 184 + 32 * 8;
static_assert(sizeof(siginfo_t) == kSignalContext);
static_assert(offsetof(ucontext_t, uc_mcontext.regs) + kSignalContext + 29 * 8 == kSignalFpOffset);
static_assert(offsetof(ucontext_t, uc_mcontext.sp) + kSignalContext == kSignalSpOffset);
static_assert(offsetof(ucontext_t, uc_mcontext.pc) + kSignalContext == kSignalPcOffset);

// User space ends here, or earlier (39, 42 or 47 bits, as the kernel is built), without the 52 bits
// that need an mmap hint.
inline constexpr int kAddressBits = 48;
// What is mapped where the kernel chooses lies above this, programs themselves and their heap
// below: a program's place is at two thirds of user space, and up to an eighth of it more by
// chance; the kernel's choice begins below its end by no more than an eighth for chance and what
// is in use.
uint64_t mapped_from();
// Silt's tables are cut into pieces of this size; the kernel's own pages may be larger.
inline constexpr size_t kPageSize = 4096;
// The kernel's: 4, 16 or 64 KiB.
size_t page_size();
inline constexpr size_t kLargestPageSize = 65536;
// A function uses nothing below its stack pointer (AAPCS64).
inline constexpr uint64_t kRedZoneBytes = 0;

inline constexpr uint16_t kElfMachine = EM_AARCH64;
inline constexpr uint32_t kAuditArchitecture = AUDIT_ARCH_AARCH64;
inline constexpr char kUnwindLibrary[] = "libunwind-aarch64.so.8";

// Versions of glibc's symbols that libsilt.so asks for: those that the machine began with.
#define SILT_OLDEST_VERSION "GLIBC_2.17"

// Where a signal's handler returns to, for one that was set without libc.
extern "C" __attribute__((visibility("hidden"))) void silt_signal_return();
inline constexpr void (*signal_return)() = silt_signal_return;

// For the third argument of a handler that was set with SA_RESTART: the system call that it has
// interrupted and that will begin anew, -1 for none. One that waits with a time limit is none.
inline long restarted_system_call(const void* context) {
  constexpr uint32_t kSystemCall = 0xd400'0001;
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
  const auto* const at = reinterpret_cast<const uint32_t*>(registers.pc);
  return *at == kSystemCall ? static_cast<long>(registers.regs[8]) : -1;
}

// For the third argument of a handler: whether it ended a waiting call, which returns EINTR.
inline bool ended_system_call(const void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
  return static_cast<int64_t>(registers.regs[0]) == -EINTR;
}

}  // namespace silt::arch

#endif  // SILT_INTERPOSER_BASE_ARCH_AARCH64_H_
