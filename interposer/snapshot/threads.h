// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocated at which stacks, as far as it is known without any cost to them: each of
// the first threads counts in a shard of its own (track/counters.h), so a snapshot has only to look
// whose shard counted how much. Threads beyond these are told as one, and so is what threads that
// ended long ago have left. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_THREADS_H_
#define SILT_INTERPOSER_SNAPSHOT_THREADS_H_

#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/series.h"
#include "interposer/snapshot/strings.h"

namespace silt::snapshot {

// The sections kThreadStacks and kThreads, of tables that were written before.
void write_threads(SectionWriter& out, Strings& strings, Tables& tables, const LiveCounts& live);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_THREADS_H_
