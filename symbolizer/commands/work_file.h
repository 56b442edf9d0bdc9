// SPDX-License-Identifier: Apache-2.0
//
// --work: how much a program had done at each snapshot, so that growth can be told for each unit of
// work and not only of time.

#ifndef SILT_SYMBOLIZER_COMMANDS_WORK_FILE_H_
#define SILT_SYMBOLIZER_COMMANDS_WORK_FILE_H_

#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/read/recording.h"

namespace silt::commands {

// One number: so much work in all, done at a steady pace. A file: "elapsed-seconds count" or just
// the count a line, one line for each snapshot; or pairs at other times, between which it is
// linear.
Result<std::vector<double>> work_at_snapshots(const std::string& text,
                                              const read::Recording& recording);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_WORK_FILE_H_
