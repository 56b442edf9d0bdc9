// SPDX-License-Identifier: Apache-2.0
//
// What a process is asked for beside its snapshot.

#ifndef SILT_SYMBOLIZER_PROCESS_WISH_H_
#define SILT_SYMBOLIZER_PROCESS_WISH_H_

#include <cstdint>

#include "interposer/format/control.h"

namespace silt::process {

struct Wish {
  enum class Change { kNone, kArm, kDisarm };

  bool owners = false;            // who keeps the blocks (interposer/format/owners.h)
  bool heap = false;              // a managed heap (interposer/format/heap_answer.h)
  uint32_t heap_thread = 0;       // whose; the main thread is 0
  Change change = Change::kNone;  // before its snapshot, or after it
  format::ArmOrder order = {};    // with kArm
  bool owners_if_small = false;   // the process decides, and says nothing when it does not look

  static const Wish kPlain;
  static const Wish kOwners;
  static const Wish kOwnersIfSmall;
};
inline constexpr Wish Wish::kPlain{};
inline constexpr Wish Wish::kOwners{true, false, 0, Wish::Change::kNone, {}, false};
inline constexpr Wish Wish::kOwnersIfSmall{false, false, 0, Wish::Change::kNone, {}, true};

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_WISH_H_
