// SPDX-License-Identifier: Apache-2.0
//
// What a runtime allocates with no code of the user's on the stack: node reads a file or a socket
// when the event loop says so, long after the function that opened it has returned.

#ifndef SILT_SYMBOLIZER_REPORT_CALLERLESS_H_
#define SILT_SYMBOLIZER_REPORT_CALLERLESS_H_

#include <vector>

#include "symbolizer/report/fold.h"

namespace silt::report {

bool is_callerless(const Group& group);

// Adds one group to another that it is a part of; its stacks are empty afterwards.
void absorb(Group& group, Group& part);

// Where one place of the user's leaks, and one only, what the runtime adds along the same curve is
// told with it: the user can mend nothing else.
void join_callerless(const analyze::Timeline& timeline, std::vector<Group>& groups);

// Whether the program is Node.js, joined or not.
bool is_node(const read::Recording& recording);

// A node that silt has not joined: what waits for V8's collector is not told from what leaks, and
// no stack names JavaScript. V8's own books are no findings, and what else node allocated is no
// more than `growing`.
void settle_unjoined(std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_CALLERLESS_H_
