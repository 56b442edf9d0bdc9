// SPDX-License-Identifier: Apache-2.0
//
// Recordings as `silt export` and `silt push` take them: each for itself.

#ifndef SILT_SYMBOLIZER_COMMANDS_EXPORTED_H_
#define SILT_SYMBOLIZER_COMMANDS_EXPORTED_H_

#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/commands/each_report.h"
#include "symbolizer/render/export_labels.h"

namespace silt::commands {

Result<std::vector<render::Exported>> load_exported(const InputOptions& options, bool all_stacks);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_EXPORTED_H_
