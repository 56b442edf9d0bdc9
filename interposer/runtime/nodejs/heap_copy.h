// SPDX-License-Identifier: Apache-2.0
//
// A heap snapshot of an isolate, as v8.writeHeapSnapshot writes it, without holding up the program:
// its thread makes a copy of the process and goes on; V8 collects garbage and writes the snapshot
// in the copy (heap_in_copy.h). That takes three things: V8 marks its heap as not to be copied, so
// the marks are taken away for an instant (marked_ranges.h); only the thread that owns the isolate
// may be the one in the copy; and no thread of V8's own may be in the middle of something, since it
// is not copied along. Where it is, the copy notices, says so and ends, and the next try will do.
// docs/owners.md.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_HEAP_COPY_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_HEAP_COPY_H_

#include "interposer/runtime/nodejs/isolates.h"

namespace silt::nodejs {

// Once, before the first snapshot. Normal context.
void offer_heaps();

// Normal context, in the isolate's thread, from its event loop.
void write_heap(Isolate& isolate, const HeapOrder& order);

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_HEAP_COPY_H_
