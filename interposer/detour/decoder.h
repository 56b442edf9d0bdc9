// SPDX-License-Identifier: Apache-2.0
//
// One x86-64 instruction, as far as moving it and following it needs. Zydis decodes; Debian has it
// as a shared object only, so it is opened when a program turns out to have an allocator inside,
// and closed again: what a program without one has in its address space does not change. Normal
// context.

#ifndef SILT_INTERPOSER_DETOUR_DECODER_H_
#define SILT_INTERPOSER_DETOUR_DECODER_H_

#include <cstddef>
#include <cstdint>

namespace silt::detour {

// Where control goes on.
enum class Way : uint8_t {
  kNext,
  kBranch,  // to `target`, or to the next one
  kJump,    // to `target`
  kCall,    // to `target`, which comes back
  kLeave,   // elsewhere: a return, a jump through a register or memory
};

struct Instruction {
  uint8_t length = 0;
  Way way = Way::kNext;
  // It does the same elsewhere, once its displacement is corrected, or a direct branch is given its
  // target anew. False for what is not understood, too.
  bool movable = false;
  bool padding = false;         // nop, int3: what compilers put between functions
  bool landing = false;         // endbr64
  uint8_t condition = 0;        // of a kBranch: the low four bits of its opcode
  uint8_t displacement_at = 0;  // bytes from the start to the four that are relative to its end;
                                // 0: nothing is
  uint64_t target = 0;          // 0: none
};

class Decoder {
 public:
  Decoder() = default;
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // False where no Zydis of the version that silt was built with is found: `folder`'s (that of
  // libsilt.so, with a slash at its end) libsilt-zydis.so, or the system's.
  bool open(const char* folder);
  // The instruction at `bytes`, of which `size` can be read, as it stands at `address`. False when
  // there is none.
  bool decode(const uint8_t* bytes, size_t size, uint64_t address, Instruction* found) const;

 private:
  void* library_ = nullptr;
  void* decode_ = nullptr;
  alignas(8) unsigned char state_[64] = {};
};

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_DECODER_H_
