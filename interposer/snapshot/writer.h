// SPDX-License-Identifier: Apache-2.0
//
// Writes one snapshot of all tables into an open file. Signal context, under the snapshot slot,
// while other threads go on allocating: the tables are consistent at every instant, and what
// changes meanwhile is counted either way. Live counts are gathered before cumulative ones are
// read, so that a stack's live never exceeds what it allocated.

#ifndef SILT_INTERPOSER_SNAPSHOT_WRITER_H_
#define SILT_INTERPOSER_SNAPSHOT_WRITER_H_

#include <cstdint>

#include "interposer/snapshot/owners_wish.h"

namespace silt::snapshot {

class Series;

struct SnapshotFacts {
  uint32_t sequence;
  uint32_t trigger;               // format::Trigger
  uint32_t flags;                 // format::MetaFlag bits
  uint64_t snapshot_nanoseconds;  // spent in earlier snapshots
  uint64_t snapshots_failed;
  Series* series = nullptr;  // it may tell what differs from an earlier one; nullptr: all
  const OwnersRequest* owners = nullptr;  // who keeps the blocks is asked for; nullptr: it is not
};

// 0 or -errno.
long write_snapshot(int fd, const SnapshotFacts& facts);

// Path of the module that provides the next malloc; kept, not copied.
void set_allocator(const char* path);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_WRITER_H_
