// SPDX-License-Identifier: Apache-2.0
//
// What a process is asked for beside its snapshot.

#ifndef SILT_SYMBOLIZER_PROCESS_WISH_H_
#define SILT_SYMBOLIZER_PROCESS_WISH_H_

#include <cstdint>

namespace silt::process {

struct Wish {
  bool owners = false;       // who keeps the blocks (interposer/format/owners.h)
  bool heap = false;         // a managed heap (interposer/format/heap_answer.h)
  uint32_t heap_thread = 0;  // whose; the main thread is 0

  static const Wish kPlain;
  static const Wish kOwners;
};
inline constexpr Wish Wish::kPlain{};
inline constexpr Wish Wish::kOwners{true, false, 0};

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_WISH_H_
