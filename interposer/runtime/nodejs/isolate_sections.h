// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot tells of the JavaScript heaps: the last profile of each, as it was handed over
// (isolates.h). Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_ISOLATE_SECTIONS_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_ISOLATE_SECTIONS_H_

#include <cstdint>

#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::nodejs {

// The sections kManagedHeaps, kManagedFrames, kManagedNodes and kManagedStacks; nothing when no
// isolate ever joined. `runtime`: index into kRuntimes.
void write_isolates(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime);

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_ISOLATE_SECTIONS_H_
