// SPDX-License-Identifier: Apache-2.0
//
// See decoder.h. Normal context.

#include "interposer/detour/decoder.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>

#include <initializer_list>

#include "interposer/base/old_symbols.h"
#include "interposer/base/text.h"

namespace silt::detour {
namespace {

constexpr uint64_t kMajor = ZYDIS_VERSION >> 48;
constexpr uint64_t kMinor = (ZYDIS_VERSION >> 32) & 0xffff;

template <typename Function>
Function* function_of(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

// Its structures change from one minor version to the next.
bool is_known_version(void* library) {
  const auto version = function_of<decltype(ZydisGetVersion)>(library, "ZydisGetVersion");
  return version != nullptr && version() >> 32 == (kMajor << 16 | kMinor);
}

bool is_condition(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_JCXZ:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JRCXZ:
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE:
    case ZYDIS_MNEMONIC_JKZD:
    case ZYDIS_MNEMONIC_JKNZD:
      return false;
    default:
      return true;
  }
}

// What may stand at the start of a function and be somewhere else instead: nothing that enters the
// kernel, traps, or is meant for a debugger.
bool is_ordinary(const ZydisDecodedInstruction& instruction) {
  switch (instruction.meta.category) {
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_IO:
      return false;
    default:
      return instruction.mnemonic != ZYDIS_MNEMONIC_XBEGIN &&
             instruction.mnemonic != ZYDIS_MNEMONIC_UD2;
  }
}

void set_way(const ZydisDecodedInstruction& instruction, uint64_t end, Instruction* found) {
  const auto& immediate = instruction.raw.imm[0];
  if (immediate.is_relative) found->target = end + immediate.value.u;
  switch (instruction.meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
      found->way = Way::kBranch;
      found->condition = instruction.opcode & 15;
      found->movable = found->movable && is_condition(instruction.mnemonic);
      break;
    case ZYDIS_CATEGORY_UNCOND_BR:
      found->way = immediate.is_relative ? Way::kJump : Way::kLeave;
      break;
    case ZYDIS_CATEGORY_CALL:
      // A call through a register would return into a copy, which no unwinder knows.
      found->way = Way::kCall;
      found->movable = found->movable && immediate.is_relative;
      break;
    case ZYDIS_CATEGORY_RET:
      found->way = Way::kLeave;
      break;
    default:
      found->movable = found->movable && !immediate.is_relative;
      break;
  }
}

// Bytes that are relative to the instruction's end; false for a form that cannot be corrected.
bool find_displacement(const ZydisDecodedInstruction& instruction,
                       const ZydisDecodedOperand* operands, Instruction* found) {
  for (unsigned i = 0; i < instruction.operand_count; ++i) {
    if (operands[i].type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    if (operands[i].mem.base == ZYDIS_REGISTER_EIP) return false;
    if (operands[i].mem.base != ZYDIS_REGISTER_RIP) continue;
    if (instruction.raw.disp.size != 32) return false;
    found->displacement_at = instruction.raw.disp.offset;
  }
  return true;
}

}  // namespace

bool Decoder::open(const char* folder) {
  base::TextBuffer<4200> own;
  own.add(folder).add("libsilt-zydis.so");
  base::TextBuffer<64> system;
  system.add("libZydis.so.").add_decimal(kMajor).add('.').add_decimal(kMinor);
  for (const char* name : {own.c_str(), system.c_str()}) {
    void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) continue;
    const auto begin = function_of<decltype(ZydisDecoderInit)>(library, "ZydisDecoderInit");
    decode_ = dlsym(library, "ZydisDecoderDecodeFull");
    static_assert(sizeof(ZydisDecoder) <= sizeof(state_));
    if (is_known_version(library) && begin != nullptr && decode_ != nullptr &&
        ZYAN_SUCCESS(begin(reinterpret_cast<ZydisDecoder*>(state_), ZYDIS_MACHINE_MODE_LONG_64,
                           ZYDIS_STACK_WIDTH_64))) {
      library_ = library;
      break;
    }
    dlclose(library);
  }
  dlerror();
  return library_ != nullptr;
}

Decoder::~Decoder() {
  if (library_ != nullptr) dlclose(library_);
}

bool Decoder::decode(const uint8_t* bytes, size_t size, uint64_t address,
                     Instruction* found) const {
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  const auto decode_full = reinterpret_cast<decltype(&ZydisDecoderDecodeFull)>(decode_);
  if (!ZYAN_SUCCESS(decode_full(reinterpret_cast<const ZydisDecoder*>(state_), bytes, size,
                                &instruction, operands))) {
    return false;
  }
  *found = Instruction{};
  found->length = instruction.length;
  found->padding =
      instruction.mnemonic == ZYDIS_MNEMONIC_NOP || instruction.mnemonic == ZYDIS_MNEMONIC_INT3;
  found->landing = instruction.mnemonic == ZYDIS_MNEMONIC_ENDBR64;
  found->movable = is_ordinary(instruction) && find_displacement(instruction, operands, found);
  set_way(instruction, address + instruction.length, found);
  return true;
}

}  // namespace silt::detour
