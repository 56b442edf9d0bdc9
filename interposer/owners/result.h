// SPDX-License-Identifier: Apache-2.0
//
// What was found out, as sections of the snapshot that asked for it: what is lost and kept of each
// stack's blocks, the commonest paths, and which types of objects they are. In the copy of the
// process.

#ifndef SILT_INTERPOSER_OWNERS_RESULT_H_
#define SILT_INTERPOSER_OWNERS_RESULT_H_

#include "interposer/format/owners.h"
#include "interposer/owners/block_index.h"
#include "interposer/owners/labels.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"
#include "interposer/owners/modules.h"
#include "interposer/owners/path_tree.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/snapshot/section_writer.h"

namespace silt::owners {

struct Result {
  const snapshot::NodeNumbers& numbers;
  const BlockIndex& blocks;
  const BlockIndex* objects;  // nullptr: their kinds are not known
  const Labels& labels;
  const MemoryMap& memory;
  Marker& marker;  // all roots have been followed
  PathTree& paths;
  const LoadedModules& modules;
  format::OwnersFacts facts;  // all but the sums of lost blocks
};

// False when there was no memory.
bool write_result(snapshot::SectionWriter& out, Result& result);

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_RESULT_H_
