// SPDX-License-Identifier: Apache-2.0
//
// See isolate_sections.h.

#include "interposer/runtime/nodejs/isolate_sections.h"

#include "interposer/format/snapshot.h"
#include "interposer/runtime/heap_sections.h"
#include "interposer/runtime/nodejs/isolates.h"

namespace silt::nodejs {
namespace {

using runtime::HeapPart;

// What one snapshot writes of them, and whose each part is.
constinit HeapPart g_parts[kMaximumIsolates]{};
constinit Isolate* g_isolates_of_parts[kMaximumIsolates]{};

uint32_t collect_parts(uint32_t runtime) {
  const uint32_t round = latest_round();
  uint32_t count = 0;
  for_each_isolate([&](Isolate& isolate) {
    const uint32_t state = isolate.state.load(std::memory_order_acquire);
    if (state == Isolate::kFree) return;
    g_isolates_of_parts[count] = &isolate;
    HeapPart& part = g_parts[count++];
    part = HeapPart{};
    // Taken away while it is read; a newer one may come meanwhile.
    part.profile = isolate.profile.exchange(nullptr, std::memory_order_acq_rel);
    part.entry.thread_id = isolate.thread_id;
    part.entry.runtime = runtime;
    if (state != Isolate::kJoined && state != Isolate::kLeft)
      part.entry.flags = format::kHeapEnded;
    else if (isolate.answered.load(std::memory_order_acquire) != round || part.profile == nullptr)
      part.entry.flags = format::kHeapMissed;
    part.entry.captured_elapsed_ns = isolate.captured_ns.load(std::memory_order_relaxed);
    if (part.profile != nullptr) runtime::fill_in(*part.profile, &part.entry);
  });
  return count;
}

}  // namespace

void write_isolates(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime) {
  const uint32_t parts = collect_parts(runtime);
  if (parts == 0) return;
  runtime::write_heap_parts(out, strings, g_parts, parts);
  for (uint32_t i = 0; i < parts; ++i) put_back(*g_isolates_of_parts[i], g_parts[i].profile);
}

}  // namespace silt::nodejs
