// SPDX-License-Identifier: Apache-2.0
//
// See thread_stack.h.

#include "interposer/owners/thread_stack.h"

#include <cstring>

#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::owners {

// "running", or numbers in hexadecimal, of which the last two are the stack pointer and the pc.
Standing standing_of(int32_t process, int32_t thread) {
  base::TextBuffer<64> path;
  path.add("/proc/").add_decimal(static_cast<uint64_t>(process)).add("/task/");
  path.add_decimal(static_cast<uint64_t>(thread)).add("/syscall");
  char text[256];
  if (snapshot::read_small_file(path.c_str(), text, sizeof(text)) <= 0) return {};
  uint64_t before = 0;
  uint64_t last = 0;
  for (const char* at = text; *at != '\0';) {
    if (at[0] == '0' && at[1] == 'x') {
      before = last;
      last = base::parse_hexadecimal(at + 2, &at);
    } else {
      ++at;
    }
  }
  return {before, last};
}

// struct _fpx_sw_bytes of the kernel's, at the end of the legacy area of 512 bytes; the whole is
// 64-aligned, and its second mark stands behind it.
bool find_vector_registers(uint64_t begin, uint64_t end, base::Range* found) {
  constexpr uint32_t kFirstMark = 0x46505853;
  constexpr uint32_t kSecondMark = 0x46505845;
  constexpr uint64_t kMarkOffset = 464;
  constexpr uint64_t kSizeOffset = 480;
  constexpr uint64_t kLegacy = 512;
  constexpr uint64_t kLargest = 16 * 1024;
  const auto word_at = [](uint64_t address) {
    uint32_t word;
    std::memcpy(&word, reinterpret_cast<const void*>(address), sizeof(word));
    return word;
  };
  for (uint64_t at = (begin + 63) & ~uint64_t{63}; at + kLegacy <= end; at += 64) {
    if (word_at(at + kMarkOffset) != kFirstMark) continue;
    const uint64_t size = word_at(at + kSizeOffset);
    if (size < kLegacy || size > kLargest || at + size + sizeof(uint32_t) > end) continue;
    if (word_at(at + size) != kSecondMark) continue;
    *found = {at, at + size};
    return true;
  }
  return false;
}

}  // namespace silt::owners
