// SPDX-License-Identifier: Apache-2.0
//
// What is wanted beside the next snapshot: that it says who keeps its blocks, that a managed heap
// is written with it. Whoever asks for a snapshot leaves his wishes here, and whoever takes the
// next one fulfils them: it may be another thread's. Hook and signal context.

#ifndef SILT_INTERPOSER_SNAPSHOT_WANTED_H_
#define SILT_INTERPOSER_SNAPSHOT_WANTED_H_

#include <cstdint>

namespace silt::snapshot {

enum class OwnersSearch : uint32_t { kNo = 0, kIfSmall = 1, kYes = 2 };

struct Wanted {
  OwnersSearch owners = OwnersSearch::kNo;
  bool heap = false;
  uint32_t heap_thread = 0;  // as its runtime numbers threads
};

// Adds to what is wanted.
void want(const Wanted& wanted);
// Hands over all that is; nothing is wanted afterwards.
Wanted take_wanted();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_WANTED_H_
