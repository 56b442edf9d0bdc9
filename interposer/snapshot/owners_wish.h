// SPDX-License-Identifier: Apache-2.0
//
// How a snapshot has somebody find out who keeps its blocks; this layer does not know how that is
// done. Set once, before the first snapshot.

#ifndef SILT_INTERPOSER_SNAPSHOT_OWNERS_WISH_H_
#define SILT_INTERPOSER_SNAPSHOT_OWNERS_WISH_H_

#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/format/owners.h"
#include "interposer/snapshot/node_numbers.h"

namespace silt::snapshot {

struct OwnersRequest {
  int folder;                  // the recording's
  const char* temporary_name;  // of the snapshot while it is written, and afterwards
  const char* final_name;
  arch::CallFrame program_frame;  // where silt's own stack was entered
  uint64_t own_stack_end;
  bool process_ends;
  bool if_small;  // only if is_small(*this), and silently
  // Filled in when the snapshot's stacks have been written:
  const NodeNumbers* numbers;
  uint64_t live_blocks;  // with objects of runtimes
  uint64_t live_objects;
  uint64_t rss_bytes;
};

// So small that a search nobody asked for by name is hardly noticed: the process is paused for some
// milliseconds, and the copy uses a tenth of a second of a processor at a low priority; of a
// runtime's objects up to half a second (docs/owners.md has what was measured).
constexpr bool is_small(const OwnersRequest& request) {
  constexpr uint64_t kMostRssBytes = uint64_t{128} << 20;
  constexpr uint64_t kMostBlocks = 400'000;
  return request.rss_bytes <= kMostRssBytes && request.live_blocks <= kMostBlocks;
}

struct OwnersWish {
  // Signal context, under the snapshot slot: begins, and says what became of it.
  format::OwnersAsked (*begin)(const OwnersRequest& request) = nullptr;
  // Waits for what was begun with `process_ends`.
  void (*await)() = nullptr;
  // Clears up behind what was begun, if it has ended. Hook context, cheap as long as there is none.
  void (*clear_up)() = nullptr;
  void (*leave_to_parent)() = nullptr;  // in the child of a fork
};

extern constinit OwnersWish owners_wish;

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_OWNERS_WISH_H_
