// SPDX-License-Identifier: Apache-2.0
//
// Reads `.heapsnapshot` files: of Chrome DevTools, of node's v8.writeHeapSnapshot, of silt. Which
// columns they have differs by version, and their `meta` says so. Nothing in them is believed:
// counts are held against the file's size before memory is taken for them, and every index is
// checked. Memory needed is bounded by the file's size.

#ifndef SILT_SYMBOLIZER_HEAP_SNAPSHOT_READER_H_
#define SILT_SYMBOLIZER_HEAP_SNAPSHOT_READER_H_

#include <functional>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"
#include "symbolizer/heap/graph.h"

namespace silt::heap {

// Whether the file begins as a heap snapshot does.
bool looks_like_heap_snapshot(const ByteSource& source);

// `progress` is told which part of the file has been read, 0..1. An error says what is wrong and at
// which byte, without the file's name.
Result<Graph> read_heap_snapshot(const ByteSource& source,
                                 const std::function<void(double)>& progress = {});

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_SNAPSHOT_READER_H_
