// SPDX-License-Identifier: Apache-2.0
//
// How a managed heap is had written beside a snapshot, on request; this layer does not know how
// that is done. Set once, before the first snapshot. What became of it stands in a file of its own
// (format/heap_answer.h).

#ifndef SILT_INTERPOSER_SNAPSHOT_HEAP_WISH_H_
#define SILT_INTERPOSER_SNAPSHOT_HEAP_WISH_H_

#include <cstdint>

#include "interposer/format/heap_answer.h"

namespace silt::snapshot {

struct HeapRequest {
  int folder;        // the recording's
  const char* path;  // likewise; stays as it is
  uint32_t sequence;
  uint32_t thread;
};

struct HeapWish {
  // Asks the thread for it; signal context, under the snapshot slot. nullptr, or why there is none.
  const char* (*begin)(const HeapRequest& request) = nullptr;
};

extern constinit HeapWish heap_wish;

// How long the heap's thread may take until it comes to it.
inline constexpr uint64_t kHeapPatienceNs = uint64_t{30} * 1'000'000'000;

// Signal context, under the snapshot slot.
void begin_heap(const HeapRequest& request);
format::HeapAnswer new_heap_answer(format::HeapState state, uint32_t thread);
void say_why(format::HeapAnswer& answer, format::HeapState state, const char* why);
// Any context. False when it could not be written.
bool write_heap_answer(int folder, uint32_t sequence, const format::HeapAnswer& answer,
                       bool of_copy = false);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_HEAP_WISH_H_
