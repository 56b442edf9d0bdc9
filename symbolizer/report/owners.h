// SPDX-License-Identifier: Apache-2.0
//
// Who keeps what grows, in words: for each finding the largest owners, by what the recording says
// of its stacks. Paths that read the same are one: the words of an array, the buckets of a table.

#ifndef SILT_SYMBOLIZER_REPORT_OWNERS_H_
#define SILT_SYMBOLIZER_REPORT_OWNERS_H_

#include <functional>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/findings/fold.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// The variable at an address of a module's file, or at an offset into its thread-local ones.
using VariableNames = std::function<symbolize::DataName(const read::OwnersModule&, uint64_t, bool)>;
// The function at an address of a module's file; empty: not known.
using FunctionNames = std::function<std::string(const read::OwnersModule&, uint64_t)>;

// Fills in the owners of findings and stacks where the recording knows them.
void add_owners(const read::Recording& recording, const NodeFrames& names,
                const VariableNames& variables, const FunctionNames& functions, Report& report);

// One sentence about how owners were looked for, or why not; empty when it was not asked.
std::string owners_note(const read::Recording& recording);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_OWNERS_H_
