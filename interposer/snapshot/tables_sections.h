// SPDX-License-Identifier: Apache-2.0
//
// The sections with nodes, births and rows of a snapshot, whole or by how they differ from its
// base's. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_TABLES_SECTIONS_H_
#define SILT_INTERPOSER_SNAPSHOT_TABLES_SECTIONS_H_

#include <cstdint>

#include "interposer/format/changes.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/series.h"

namespace silt::snapshot {

// Returns how others may name this snapshot as their base.
format::BaseEntry write_tables(SectionWriter& out, Tables& tables, uint32_t sequence);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_TABLES_SECTIONS_H_
