// SPDX-License-Identifier: Apache-2.0
//
// Blocks of malloc's that another allocator cuts up and hands out (GLib's slices): which caller
// needed the next piece is chance.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_PIECES_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_PIECES_H_

#include <vector>

#include "symbolizer/report/findings/candidate.h"
#include "symbolizer/report/findings/fold.h"

namespace silt::report {

// Whether all that the candidate has are pieces. What they are filled with may be anybody's, so
// that beside another leak of the same function they are no second one.
bool are_pieces(const read::Recording& recording, const NodeFrames& names,
                const Candidate& candidate);

// Says so of findings whose memory is pieces, or much of it, with the setting that shows each
// block.
void tell_pieces(const read::Recording& recording, const NodeFrames& names,
                 std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_PIECES_H_
