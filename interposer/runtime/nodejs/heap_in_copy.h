// SPDX-License-Identifier: Apache-2.0
//
// What happens in the copy of the process that writes a heap snapshot. It is the one place where
// code of the program's runs in a copy: V8's and node's own, on the thread that was copied.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_HEAP_IN_COPY_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_HEAP_IN_COPY_H_

#include "interposer/format/heap_answer.h"
#include "interposer/runtime/nodejs/import_slots.h"
#include "interposer/runtime/nodejs/isolates.h"

namespace silt::nodejs {

// How long a copy lives at the most: 500 MB of heap took 40 seconds of a processor.
inline constexpr uint64_t kHeapCopyLifeNs = uint64_t{600} * 1'000'000'000;

// Calls that must lead nowhere in a copy. They are found once, while the process is whole: that
// reads all relocations, megabytes of the file, and takes the loader's lock, for which nobody may
// wait who holds the snapshot slot; under which they are then kept.
bool wakes_are_kept();
ImportSlots find_wakes();
void keep_wakes(const ImportSlots& wakes);

// In the copy. `answer` as far as it is known.
[[noreturn]] void write_heap_in_copy(Isolate& isolate, const HeapOrder& order,
                                     const format::HeapAnswer& answer);

// Calls the script's function; a negative number when that failed. In the isolate's thread.
double call_heap_function(Isolate& isolate, const char* path);

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_HEAP_IN_COPY_H_
