// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocated, from a black box: each part of the counters is one thread's, and the box
// says whose (format::BoxThread).

#ifndef SILT_SYMBOLIZER_READ_BOX_THREADS_H_
#define SILT_SYMBOLIZER_READ_BOX_THREADS_H_

#include <cstdint>
#include <vector>

#include "symbolizer/read/box_tables.h"
#include "symbolizer/read/snapshot_bytes.h"

namespace silt::read {

// Adds the sections kThreads and kThreadStacks, unless the box does not tell. `order`: the stack of
// each node of the snapshot, which has the next number (from 1).
void add_box_threads(const BoxTables& tables, const std::vector<uint32_t>& order, Strings& strings,
                     Sections& sections);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_BOX_THREADS_H_
