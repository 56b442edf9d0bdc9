// SPDX-License-Identifier: Apache-2.0
//
// Which children of this process are recorded too, so that a verdict on its recording alone cannot
// pass for one on all of them: a server's master hardly allocates, its workers do. The kernel is
// asked, for children become other programs and end without a word. Signal context, under the
// snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_CHILDREN_H_
#define SILT_INTERPOSER_SNAPSHOT_CHILDREN_H_

#include "interposer/snapshot/section_writer.h"

namespace silt::snapshot {

// The section kChildren; one system call where there are none.
void write_children(SectionWriter& out);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_CHILDREN_H_
