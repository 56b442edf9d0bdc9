// SPDX-License-Identifier: Apache-2.0
//
// A managed heap's profiler tells the function that was compiled, not those that were inlined into
// it, nor a line within it. But each object that it samples has a block of the profiler's own, with
// a native stack down to the machine code (Recording::sampler_stacks). What that says is put into
// the stacks of the managed heap: a stack is parted among the functions that really made its
// objects, in proportion to their samples of that birth, and joins the stack that the same function
// had while it was not compiled into its caller yet. So a place stays one place, whatever is
// compiled into what meanwhile.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_MANAGED_STACKS_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_MANAGED_STACKS_H_

#include <cstdint>

#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::symbolize {

// `names` must be of this recording, and not have been asked for anything yet. The recording says
// where the profiler's code is only where the runtime exports it. Otherwise `profiler`, the
// function that takes a sample, is looked for in the symbols, which takes some tenths of a second;
// without a name it is not.
void put_compiled_calls(read::Recording& recording, Symbolizer& names,
                        const FunctionInModule& profiler);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_MANAGED_STACKS_H_
