// SPDX-License-Identifier: Apache-2.0
//
// See derive.h. A rule is read off by experiment: libunwind is given an address space in which the
// stack pointer and the frame pointer are far-apart fake addresses, and in which a read of fake
// stack memory answers with a number that tells which address was read. After one step the values
// of the new registers say where each came from. Hook context, but for open_unwinder.

#include "interposer/unwind/derive.h"

#include <dlfcn.h>
#include <libunwind-x86_64.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/attributes.h"
#include "interposer/base/system_call.h"
#include "interposer/unwind/object.h"
#include "interposer/unwind/stack_region.h"

extern "C" int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t, unw_word_t, unw_dyn_info_t*,
                                                  unw_proc_info_t*, int, void*);

namespace silt::unwind {

constinit base::SpinLock derive_lock;
constinit base::OwnStack<kDeriveStackSize> derive_stack{};

namespace {

// The functions of libunwind that are used, found by name in the private handle.
struct Library {
  decltype(&unw_create_addr_space) create_addr_space;
  decltype(&unw_set_caching_policy) set_caching_policy;
  decltype(&unw_init_remote) init_remote;
  decltype(&unw_step) step;
  decltype(&unw_get_reg) get_reg;
  decltype(&_Ux86_64_dwarf_search_unwind_table) search_unwind_table;
};

constinit Library g_library{};
constinit unw_addr_space_t g_probe_space = nullptr;
constinit unw_addr_space_t g_walk_space = nullptr;
constinit std::atomic<bool> g_available{false};

// Fake addresses. A zone holds offsets of +-1 GiB around its origin; reading address A in the zone
// at origin O answers value_origin + (A - O) * kStride, so that a register which is "value read
// from slot, plus a small constant" can be taken apart again.
constexpr uint64_t kSpOrigin = 0x0000'1000'0000'0000;
constexpr uint64_t kBpOrigin = 0x0000'1100'0000'0000;
constexpr uint64_t kZoneHalf = uint64_t{1} << 30;
constexpr uint64_t kStride = 4096;
constexpr uint64_t kSpValueOrigin = 0x0010'0000'0000'0000;
constexpr uint64_t kBpValueOrigin = 0x0020'0000'0000'0000;
constexpr uint64_t kValueHalf = kZoneHalf * kStride;
// A read at a value (the saved slots of a realigned frame): one level is enough.
constexpr uint64_t kSecondOrigin = 0x0100'0000'0000'0000;
constexpr uint64_t kOtherRegister = 0x0400'0000'0000'0000;

bool within(uint64_t value, uint64_t origin, uint64_t half) {
  return value - origin + half < 2 * half;
}

bool is_fake(uint64_t address) { return address >= kSpValueOrigin - kValueHalf; }
bool in_stack_zone(uint64_t address) {
  return within(address, kSpOrigin, kZoneHalf) || within(address, kBpOrigin, kZoneHalf);
}

uint64_t fake_read(uint64_t address) {
  if (within(address, kSpOrigin, kZoneHalf)) {
    return kSpValueOrigin + (address - kSpOrigin) * kStride;
  }
  if (within(address, kBpOrigin, kZoneHalf)) {
    return kBpValueOrigin + (address - kBpOrigin) * kStride;
  }
  return kSecondOrigin + (address & (kSecondOrigin - 1));
}

struct Probe {
  uint64_t pc;
  bool no_info;   // find_proc_info had nothing for the pc
  Object object;  // that was read from last
};

struct Walk {
  const arch::Registers* registers;
  StackRegions* regions;
  bool no_info;
};

// Shared by both address spaces: the first field after none is not common, so each has its own.
int find_table(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  Object object;
  if (!find_object(ip, &object) || object.eh_frame_header == nullptr) return -UNW_ENOINFO;
  // .eh_frame_hdr: version, encoding of the eh_frame pointer, of the count, of the table; then the
  // pointer, the count and the table sorted by address. Linkers write just this one form.
  const auto* const header = static_cast<const uint8_t*>(object.eh_frame_header);
  constexpr uint8_t kSigned4PcRelative = 0x1b;
  constexpr uint8_t kUnsigned4 = 0x03;
  constexpr uint8_t kSigned4DataRelative = 0x3b;
  if (header[0] != 1 || header[1] != kSigned4PcRelative || header[2] != kUnsigned4 ||
      header[3] != kSigned4DataRelative) {
    return -UNW_ENOINFO;
  }
  uint32_t count;
  __builtin_memcpy(&count, header + 8, sizeof(count));
  unw_dyn_info_t table{};
  table.start_ip = object.start;
  table.end_ip = object.end;
  table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  table.u.rti.segbase = reinterpret_cast<unw_word_t>(header);
  table.u.rti.table_data = reinterpret_cast<unw_word_t>(header + 12);
  table.u.rti.table_len = count * 8ul / sizeof(unw_word_t);
  return g_library.search_unwind_table(space, ip, &table, info, need, arg);
}

int probe_find(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  const int result = find_table(space, ip, info, need, arg);
  if (result < 0) static_cast<Probe*>(arg)->no_info = true;
  return result;
}

int walk_find(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  const int result = find_table(space, ip, info, need, arg);
  if (result < 0) static_cast<Walk*>(arg)->no_info = true;
  return result;
}

void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}

int no_dynamic_list(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }

int probe_memory(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EINVAL;
  if (in_stack_zone(address) || is_fake(address)) {
    *value = fake_read(address);
    return 0;
  }
  // Unwind tables and code: inside a loaded object, almost always the one read from before.
  Object& object = static_cast<Probe*>(arg)->object;
  if (address - object.start >= object.end - object.start && !find_object(address, &object)) {
    return -UNW_EINVAL;
  }
  __builtin_memcpy(value, reinterpret_cast<const void*>(address), sizeof(*value));
  return 0;
}

int probe_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EBADREG;
  switch (number) {
    case UNW_X86_64_RIP:
      *value = static_cast<Probe*>(arg)->pc - 1;
      return 0;
    case UNW_X86_64_RSP:
      *value = kSpOrigin;
      return 0;
    case UNW_X86_64_RBP:
      *value = kBpOrigin;
      return 0;
    default:
      *value = kOtherRegister + (static_cast<uint64_t>(number) << 32);
      return 0;
  }
}

int walk_memory(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EINVAL;
  auto* const walk = static_cast<Walk*>(arg);
  Object object;
  if (!walk->regions->readable(address) && !find_object(address, &object)) return -UNW_EINVAL;
  __builtin_memcpy(value, reinterpret_cast<const void*>(address), sizeof(*value));
  return 0;
}

int walk_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EBADREG;
  const arch::Registers& r = *static_cast<Walk*>(arg)->registers;
  switch (number) {
    case UNW_X86_64_RIP:
      *value = r.rip;
      return 0;
    case UNW_X86_64_RSP:
      *value = r.rsp;
      return 0;
    case UNW_X86_64_RBP:
      *value = r.rbp;
      return 0;
    case UNW_X86_64_RBX:
      *value = r.rbx;
      return 0;
    case UNW_X86_64_R12:
      *value = r.r12;
      return 0;
    case UNW_X86_64_R13:
      *value = r.r13;
      return 0;
    case UNW_X86_64_R14:
      *value = r.r14;
      return 0;
    case UNW_X86_64_R15:
      *value = r.r15;
      return 0;
    default:
      *value = 0;
      return 0;
  }
}

int no_fp_register(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
  return -UNW_EBADREG;
}
int no_resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }
int no_name(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
  return -UNW_ENOINFO;
}

constinit unw_accessors_t g_probe_accessors{probe_find,   put_unwind_info, no_dynamic_list,
                                            probe_memory, probe_register,  no_fp_register,
                                            no_resume,    no_name};
constinit unw_accessors_t g_walk_accessors{walk_find,   put_unwind_info, no_dynamic_list,
                                           walk_memory, walk_register,   no_fp_register,
                                           no_resume,   no_name};

// Takes the registers after one step apart.
FrameRule decode(uint64_t pc, uint64_t sp, uint64_t bp) {
  if (pc == fake_read(kSpOrigin + arch::kSignalPcOffset) &&
      sp == fake_read(kSpOrigin + arch::kSignalSpOffset) &&
      bp == fake_read(kSpOrigin + arch::kSignalBpOffset)) {
    return FrameRule(RuleKind::kSignal);
  }
  // `sp` is the CFA. Its return address must stand directly below it.
  if (pc != fake_read(sp - 8)) return FrameRule(RuleKind::kSlow);
  const auto saved_in = [bp](uint64_t value_origin, uint64_t origin, uint64_t* address) {
    if (!within(bp, value_origin, kValueHalf) || (bp - value_origin) % kStride != 0) return false;
    *address = origin + static_cast<uint64_t>(static_cast<int64_t>(bp - value_origin) /
                                              static_cast<int64_t>(kStride));
    return true;
  };
  const bool on_sp = within(sp, kSpOrigin, kZoneHalf);
  const bool on_bp = within(sp, kBpOrigin, kZoneHalf);
  if (on_sp || on_bp) {
    const uint64_t origin = on_sp ? kSpOrigin : kBpOrigin;
    int64_t bp_slot = 0;
    if (bp != kBpOrigin) {
      uint64_t address;
      if (!saved_in(on_sp ? kSpValueOrigin : kBpValueOrigin, origin, &address)) {
        return FrameRule(RuleKind::kSlow);
      }
      bp_slot = static_cast<int64_t>(address - sp);
      if (bp_slot == 0 || !FrameRule::fits_bp_slot(bp_slot)) return FrameRule(RuleKind::kSlow);
    }
    return FrameRule(on_sp ? RuleKind::kSp : RuleKind::kBp, static_cast<int32_t>(sp - origin),
                     static_cast<int>(bp_slot), 0);
  }
  if (within(sp, kBpValueOrigin, kValueHalf)) {
    const auto raw = static_cast<int64_t>(sp - kBpValueOrigin);
    const auto stride = static_cast<int64_t>(kStride);
    int64_t slot = (raw + (raw < 0 ? -stride / 2 : stride / 2)) / stride;
    const int64_t offset = raw - slot * stride;
    uint64_t address = 0;
    if (!FrameRule::fits_indirect_slot(slot) || !saved_in(kBpValueOrigin, kBpOrigin, &address)) {
      return FrameRule(RuleKind::kSlow);
    }
    const auto bp_slot = static_cast<int64_t>(address - kBpOrigin) + 8;  // stored plus one slot
    if (!FrameRule::fits_bp_slot(bp_slot)) return FrameRule(RuleKind::kSlow);
    return FrameRule(RuleKind::kBpIndirect, static_cast<int32_t>(offset), static_cast<int>(bp_slot),
                     static_cast<int>(slot));
  }
  return FrameRule(RuleKind::kSlow);
}

// A return address at which a function begins, with nothing in front of it that could have called,
// was put there by hand: makecontext starts a coroutine so.
bool begins_function(uint64_t pc) {
  Probe probe{pc, false, {}};
  unw_proc_info_t info{};
  return find_table(g_probe_space, pc, &info, 0, &probe) >= 0 && info.start_ip == pc;
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
         !holds(sp - 8, pc);
}

template <typename Function>
bool find_function(void* handle, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  return *function != nullptr;
}

}  // namespace

namespace {

// libunwind opens a pipe when it is first used, for checks of memory that only its own accessors
// need; the program would find its descriptors taken, or a pipe in place of a closed standard
// input. Without room for a pipe libunwind goes on, and opens one when it ever needs it.
class NoNewFiles {
 public:
  NoNewFiles() {
    changed_ = prlimit(nullptr, &previous_) == 0;
    const rlimit64 none{0, previous_.rlim_max};
    changed_ = changed_ && prlimit(&none, nullptr) == 0;
  }
  ~NoNewFiles() {
    if (changed_) prlimit(&previous_, nullptr);
  }
  NoNewFiles(const NoNewFiles&) = delete;
  NoNewFiles& operator=(const NoNewFiles&) = delete;

 private:
  static long prlimit(const rlimit64* wanted, rlimit64* previous) {
    return base::system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, reinterpret_cast<long>(wanted),
                             reinterpret_cast<long>(previous));
  }

  rlimit64 previous_{};
  bool changed_;
};

}  // namespace

bool open_unwinder() {
  void* const handle = dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    dlerror();
    return false;
  }
  Library& l = g_library;
  if (!find_function(handle, "_Ux86_64_create_addr_space", &l.create_addr_space) ||
      !find_function(handle, "_Ux86_64_set_caching_policy", &l.set_caching_policy) ||
      !find_function(handle, "_Ux86_64_init_remote", &l.init_remote) ||
      !find_function(handle, "_Ux86_64_step", &l.step) ||
      !find_function(handle, "_Ux86_64_get_reg", &l.get_reg) ||
      !find_function(handle, "_Ux86_64_dwarf_search_unwind_table", &l.search_unwind_table)) {
    dlerror();
    return false;
  }
  const NoNewFiles no_new_files;
  g_probe_space = l.create_addr_space(&g_probe_accessors, 0);
  g_walk_space = l.create_addr_space(&g_walk_accessors, 0);
  if (g_probe_space == nullptr || g_walk_space == nullptr) return false;
  l.set_caching_policy(g_probe_space, UNW_CACHE_NONE);
  l.set_caching_policy(g_walk_space, UNW_CACHE_NONE);
  g_available.store(true, std::memory_order_release);
  return true;
}

bool has_unwinder() {
  if (!g_available.load(std::memory_order_acquire) || derive_lock.was_abandoned()) return false;
  // Its locks block signals.
  constexpr long kArguments[6] = {SIG_SETMASK, 0, 0, 8, 0, 0};
  return !base::sandbox.active() || base::sandbox.survives(SYS_rt_sigprocmask, kArguments);
}

bool libunwind_maps_in_vain() {
  if (!base::sandbox.active() || !derive_stack.contains(__builtin_frame_address(0))) return false;
  constexpr long kArguments[6] = {0, 4096, 3, 0x22, -1, 0};
  return !base::sandbox.survives(SYS_mmap, kArguments);
}

FrameRule derive_rule(uint64_t pc) {
  if (!has_unwinder()) return FrameRule(RuleKind::kFramePointer);
  Object object;
  if (!find_object(pc - 1, &object)) return FrameRule(RuleKind::kFramePointer);
  Probe probe{pc, false, {}};
  unw_cursor_t cursor;
  if (g_library.init_remote(&cursor, g_probe_space, &probe) < 0) {
    return FrameRule(RuleKind::kFramePointer);
  }
  const int result = g_library.step(&cursor);
  if (probe.no_info) {
    return begins_function(pc) ? FrameRule(RuleKind::kOutermost)
                               : FrameRule(RuleKind::kFramePointer);
  }
  if (result == 0) return FrameRule(RuleKind::kOutermost);
  if (result < 0) return FrameRule(RuleKind::kSlow);
  unw_word_t new_pc = 0;
  unw_word_t new_sp = 0;
  unw_word_t new_bp = 0;
  if (g_library.get_reg(&cursor, UNW_X86_64_RIP, &new_pc) < 0 ||
      g_library.get_reg(&cursor, UNW_X86_64_RSP, &new_sp) < 0 ||
      g_library.get_reg(&cursor, UNW_X86_64_RBP, &new_bp) < 0) {
    return FrameRule(RuleKind::kSlow);
  }
  if (new_pc == 0) return FrameRule(RuleKind::kOutermost);
  return decode(new_pc, new_sp, new_bp);
}

namespace {

size_t walk_locked(const arch::Registers& registers, uint64_t first_sp, Frame* frames,
                   size_t capacity, bool* complete) {
  StackRegions regions{};
  Walk walk{&registers, &regions, false};
  unw_cursor_t cursor;
  if (g_library.init_remote(&cursor, g_walk_space, &walk) < 0) return 0;
  size_t count = 0;
  uint64_t old_sp = registers.rsp;
  for (;;) {
    const int result = g_library.step(&cursor);
    if (walk.no_info) return count;
    if (result <= 0) {
      *complete = result == 0;
      return count;
    }
    unw_word_t pc = 0;
    unw_word_t sp = 0;
    unw_word_t bp = 0;
    g_library.get_reg(&cursor, UNW_X86_64_RIP, &pc);
    g_library.get_reg(&cursor, UNW_X86_64_RSP, &sp);
    g_library.get_reg(&cursor, UNW_X86_64_RBP, &bp);
    if (pc == 0) {
      *complete = true;
      return count;
    }
    const bool exact = left_signal_frame(regions, old_sp, pc, sp);
    old_sp = sp;
    if (count == 0 && sp < first_sp) continue;
    if (count == capacity) return count;
    frames[count++] = Frame{exact ? pc + 1 : pc, sp, bp};
  }
}

}  // namespace

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
