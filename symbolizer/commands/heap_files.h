// SPDX-License-Identifier: Apache-2.0
//
// `silt report` of heap snapshots: files that V8 wrote, not silt.

#ifndef SILT_SYMBOLIZER_COMMANDS_HEAP_FILES_H_
#define SILT_SYMBOLIZER_COMMANDS_HEAP_FILES_H_

#include <optional>

#include "symbolizer/commands/inputs.h"
#include "symbolizer/commands/output.h"

namespace silt::commands {

// The exit status of the report, or nothing when none of the paths is a heap snapshot.
std::optional<int> report_heap_files(const InputOptions& inputs, const OutputOptions& output);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_HEAP_FILES_H_
