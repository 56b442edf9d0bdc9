// SPDX-License-Identifier: Apache-2.0
//
// See derive.h. A rule is read off by experiment: libunwind is given an address space in which the
// stack pointer and the frame pointer are far-apart fake addresses, and in which a read of fake
// stack memory answers with a number that tells which address was read. After one step the values
// of the new registers say where each came from. Hook context.

#include "interposer/unwind/derive.h"

#include "interposer/unwind/libunwind.h"
#include "interposer/unwind/nearby_code.h"
#include "interposer/unwind/object.h"
#include "interposer/unwind/signing_marks.h"

namespace silt::unwind {
namespace {

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

uint64_t register_value(int number) {
  return kOtherRegister + (static_cast<uint64_t>(number) << 32);
}

struct Probe {
  uint64_t pc;
  bool no_info;   // find_proc_info had nothing for the pc
  Object object;  // that was read from last
};

int probe_find(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  const int result = find_table(space, ip, info, need, arg);
  if (result < 0) static_cast<Probe*>(arg)->no_info = true;
  return result;
}

int probe_memory(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EINVAL;
  // Unwind tables and code, byte after byte: almost always in the object read from before.
  Object& object = static_cast<Probe*>(arg)->object;
  if (address - object.start >= object.end - object.start) [[unlikely]] {
    if (in_stack_zone(address) || is_fake(address)) {
      *value = fake_read(address);
      return 0;
    }
    if (!find_object(address, &object)) return -UNW_EINVAL;
  }
  __builtin_memcpy(value, reinterpret_cast<const void*>(address), sizeof(*value));
  if constexpr (arch::kReturnsByRegister) *value = signing_marks.without(address, *value);
  return 0;
}

int probe_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write, void* arg) {
  if (write != 0) return -UNW_EBADREG;
  switch (number) {
    case arch::kDwarfPc:
      *value = static_cast<Probe*>(arg)->pc - 1;
      return 0;
    case arch::kDwarfSp:
      *value = kSpOrigin;
      return 0;
    case arch::kDwarfFp:
      *value = kBpOrigin;
      return 0;
    default:
      *value = register_value(number);
      return 0;
  }
}

// Takes the registers after one step apart.
FrameRule decode(uint64_t pc, uint64_t sp, uint64_t bp) {
  if (pc == fake_read(kSpOrigin + arch::kSignalPcOffset) &&
      sp == fake_read(kSpOrigin + arch::kSignalSpOffset) &&
      bp == fake_read(kSpOrigin + arch::kSignalFpOffset)) {
    return FrameRule(RuleKind::kSignal);
  }
  // `sp` is the CFA. The return address must stand where calls leave it, if they leave it in
  // memory.
  if (!arch::kReturnsByRegister && pc != fake_read(sp - 8)) return FrameRule(RuleKind::kSlow);
  const auto read_at = [](uint64_t value, uint64_t value_origin, uint64_t origin,
                          uint64_t* address) {
    if (!within(value, value_origin, kValueHalf) || (value - value_origin) % kStride != 0) {
      return false;
    }
    *address = origin + static_cast<uint64_t>(static_cast<int64_t>(value - value_origin) /
                                              static_cast<int64_t>(kStride));
    return true;
  };
  const bool on_sp = within(sp, kSpOrigin, kZoneHalf);
  const bool on_bp = within(sp, kBpOrigin, kZoneHalf);
  if (on_sp || on_bp) {
    const uint64_t origin = on_sp ? kSpOrigin : kBpOrigin;
    const uint64_t value_origin = on_sp ? kSpValueOrigin : kBpValueOrigin;
    const auto cfa_offset = static_cast<int64_t>(sp - origin);
    if (!FrameRule::fits_cfa_offset(cfa_offset)) return FrameRule(RuleKind::kSlow);
    int64_t bp_slot = 0;
    if (bp != kBpOrigin) {
      uint64_t address;
      if (!read_at(bp, value_origin, origin, &address)) return FrameRule(RuleKind::kSlow);
      bp_slot = static_cast<int64_t>(address - sp);
      if (bp_slot == 0 || !FrameRule::fits_bp_slot(bp_slot)) return FrameRule(RuleKind::kSlow);
    }
    RuleKind kind = on_sp ? RuleKind::kSp : RuleKind::kBp;
    int64_t pc_slot = -8;
    if constexpr (arch::kReturnsByRegister) {
      uint64_t address;
      if (pc == register_value(arch::kDwarfLr)) {
        if (!on_sp) return FrameRule(RuleKind::kSlow);
        kind = RuleKind::kLinkRegister;
      } else if (read_at(pc, value_origin, origin, &address)) {
        pc_slot = static_cast<int64_t>(address - sp);
      } else {
        return FrameRule(RuleKind::kSlow);
      }
    }
    if (!FrameRule::fits_indirect_slot(pc_slot + 8)) return FrameRule(RuleKind::kSlow);
    return FrameRule(kind, static_cast<int32_t>(cfa_offset), static_cast<int>(bp_slot),
                     static_cast<int>(pc_slot + 8));
  }
  if (arch::kReturnsByRegister) return FrameRule(RuleKind::kSlow);
  if (within(sp, kBpValueOrigin, kValueHalf)) {
    const auto raw = static_cast<int64_t>(sp - kBpValueOrigin);
    const auto stride = static_cast<int64_t>(kStride);
    int64_t slot = (raw + (raw < 0 ? -stride / 2 : stride / 2)) / stride;
    const int64_t offset = raw - slot * stride;
    uint64_t address = 0;
    if (!FrameRule::fits_indirect_slot(slot) || !read_at(bp, kBpValueOrigin, kBpOrigin, &address)) {
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
  return find_table(libunwind.probe_space, pc, &info, 0, &probe) >= 0 && info.start_ip == pc;
}

// What leads out of code that no unwind information tells of.
FrameRule guess_rule(uint64_t pc) {
  if constexpr (arch::kReturnsByRegister) {
    const NearbyCode code(pc);
    if (code.is_signal_return()) return FrameRule(RuleKind::kSignal);
    if (code.is_linkage_entry()) return FrameRule(RuleKind::kLinkRegister);
  }
  return FrameRule(RuleKind::kFramePointer);
}

}  // namespace

constinit unw_accessors_t probe_accessors{probe_find,   put_unwind_info, no_dynamic_list,
                                          probe_memory, probe_register,  no_fp_register,
                                          no_resume,    no_name};

FrameRule derive_rule(uint64_t pc) {
  if (!has_unwinder()) return guess_rule(pc);
  Object object;
  if (!find_object(pc - 1, &object)) return guess_rule(pc);
  Probe probe{pc, false, {}};
  unw_cursor_t cursor;
  if (libunwind.init_remote(&cursor, libunwind.probe_space, &probe) < 0) {
    return FrameRule(RuleKind::kFramePointer);
  }
  const int result = libunwind.step(&cursor);
  if (probe.no_info) {
    return begins_function(pc) ? FrameRule(RuleKind::kOutermost) : guess_rule(pc);
  }
  if (result == 0) return FrameRule(RuleKind::kOutermost);
  if (result < 0) return FrameRule(RuleKind::kSlow);
  unw_word_t new_pc = 0;
  unw_word_t new_sp = 0;
  unw_word_t new_bp = 0;
  if (libunwind.get_reg(&cursor, arch::kDwarfCallerPc, &new_pc) < 0 ||
      libunwind.get_reg(&cursor, arch::kDwarfSp, &new_sp) < 0 ||
      libunwind.get_reg(&cursor, arch::kDwarfFp, &new_bp) < 0) {
    return FrameRule(RuleKind::kSlow);
  }
  if (new_pc == 0) return FrameRule(RuleKind::kOutermost);
  if (has_guessed(&cursor, pc - 1)) return FrameRule(RuleKind::kSlow);
  return decode(new_pc, new_sp, new_bp);
}

}  // namespace silt::unwind
