// SPDX-License-Identifier: Apache-2.0
//
// Resident memory by kind. Sums that the kernel keeps (files, shared, anonymous) come for nothing;
// anonymous memory is divided by asking `mincore` mapping by mapping, which takes about a
// millisecond a gigabyte. /proc/self/smaps tells more, which mappings are marked as not to be
// copied into children among it, but takes fifty: it is read only where a runtime marks its heaps
// so, and only while it is known to be quick. Whatever is left when the time for it is over is of
// unknown kind. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_RESIDENT_PARTS_H_
#define SILT_INTERPOSER_SNAPSHOT_RESIDENT_PARTS_H_

#include <cstdint>

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/section_writer.h"

namespace silt::snapshot {

struct ResidentParts {
  static constexpr uint32_t kKinds = static_cast<uint32_t>(format::RssKind::kUnknown) + 1;

  uint64_t bytes[kKinds];  // by format::RssKind
  uint64_t web_assembly;   // of the managed heaps' mappings
  bool known;              // false: the kernel does not tell
  bool has_managed;        // managed heaps' mappings were looked for

  uint64_t& of(format::RssKind kind) { return bytes[static_cast<uint32_t>(kind)]; }
};

// `marked`: whether to look for mappings that a runtime marks as its heaps'. The parts add up to
// `totals`.
ResidentParts read_resident_parts(const ResidentMemory& totals, bool marked);

// The section kRss; nothing when the parts are not known.
void write_resident_parts(SectionWriter& out, const ResidentParts& parts);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_RESIDENT_PARTS_H_
