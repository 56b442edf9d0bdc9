// SPDX-License-Identifier: Apache-2.0
//
// Which of the blocks that no root leads to hang on others of them: when a request is forgotten,
// what it holds is lost with it. As long as one of them points to another, the other is reached
// from there; what nothing at all points to comes first, then circles, in which one of them has to
// be the first. In the copy of the process, after all roots.

#ifndef SILT_INTERPOSER_OWNERS_LOST_BLOCKS_H_
#define SILT_INTERPOSER_OWNERS_LOST_BLOCKS_H_

#include "interposer/owners/block_index.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"

namespace silt::owners {

// Marks all blocks that are not reached, from `root`. False when there was no memory; then
// some are not.
bool mark_lost_blocks(const BlockIndex& blocks, const MemoryMap& memory, Marker& marker,
                      PathId root);

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_LOST_BLOCKS_H_
