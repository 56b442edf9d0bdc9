// SPDX-License-Identifier: Apache-2.0
//
// The black box of a process that was killed, as the snapshot that it would have written last. It
// is made as the bytes of a snapshot file, so that the one reader of those has to believe it.

#ifndef SILT_SYMBOLIZER_READ_BOX_SNAPSHOT_H_
#define SILT_SYMBOLIZER_READ_BOX_SNAPSHOT_H_

#include <string>

#include "symbolizer/base/result.h"
#include "symbolizer/read/box_tables.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

// `last`: the newest snapshot beside it, which knows the names of functions of other languages;
// nullptr: there is none. Functions that are younger than it have no names.
Result<std::string> snapshot_of_box(const BoxTables& tables, SnapshotFile* last);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_BOX_SNAPSHOT_H_
