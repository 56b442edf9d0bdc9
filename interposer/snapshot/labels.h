// SPDX-License-Identifier: Apache-2.0
//
// What a recording is known by beside others: on which host, in which container and pod, and what
// SILT_LABELS says. Found once at start-up, in normal context, since it is in the environment and
// in files that a program may not reach later; written in signal context.

#ifndef SILT_INTERPOSER_SNAPSHOT_LABELS_H_
#define SILT_INTERPOSER_SNAPSHOT_LABELS_H_

#include <cstddef>

#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::snapshot {

// `given`: SILT_LABELS, already checked. What it does not name is looked up.
void find_labels(const char* given);

void write_labels(SectionWriter& out, Strings& strings);

// The id of a container in a line of /proc/self/cgroup or /proc/self/mountinfo: 64 hexadecimal
// digits that stand alone. nullptr: there is none.
inline constexpr size_t kContainerIdSize = 64;
const char* find_container_id(const char* line);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_LABELS_H_
