// SPDX-License-Identifier: Apache-2.0
//
// The recorder folds away stacks without live blocks that have not been seen for long: a later
// snapshot does not have them, and what they had allocated is counted at a caller. Taken as it
// stands that caller would seem to have allocated all of it at once, and sums over stacks would
// have it twice. So what a stack had allocated at the last snapshot that has it is taken from that
// caller again; and when the stack comes back it goes on from there.

#ifndef SILT_SYMBOLIZER_READ_UNFOLD_H_
#define SILT_SYMBOLIZER_READ_UNFOLD_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "symbolizer/read/recording.h"

namespace silt::read {

// The index of the next stack further out than `*from`, a position that begins as 0 and is the
// callee's own; UINT32_MAX when there is none.
using NextCaller = std::function<uint32_t(const Stack& stack, uint32_t* from)>;

// `numbered_anew`, by snapshot: whether its nodes are only those it needs, so that a stack that it
// does not have was folded away.
void unfold(std::vector<Stack>& stacks, const std::vector<bool>& numbered_anew,
            const NextCaller& next_caller);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_UNFOLD_H_
