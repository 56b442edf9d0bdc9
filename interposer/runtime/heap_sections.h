// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot tells of heaps that a runtime collects. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_RUNTIME_HEAP_SECTIONS_H_
#define SILT_INTERPOSER_RUNTIME_HEAP_SECTIONS_H_

#include <cstdint>

#include "interposer/format/snapshot.h"
#include "interposer/runtime/heap_profile.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::runtime {

// What one snapshot writes of one heap. The profile is nobody else's meanwhile.
struct HeapPart {
  Profile* profile;  // nullptr: none was ever handed over
  format::ManagedHeapEntry entry;
  uint32_t first_frame;  // of its own among all; filled in
  uint32_t first_node;
};

// What the profile itself says of its heap.
void fill_in(const Profile& profile, format::ManagedHeapEntry* entry);

// The sections kManagedHeaps, kManagedFrames, kManagedNodes and kManagedStacks, and kManagedTypes
// where profiles have types.
void write_heap_parts(snapshot::SectionWriter& out, snapshot::Strings& strings, HeapPart* parts,
                      uint32_t count);

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_HEAP_SECTIONS_H_
