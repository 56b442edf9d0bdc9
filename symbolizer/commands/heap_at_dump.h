// SPDX-License-Identifier: Apache-2.0
//
// The heap beside a snapshot for which owners were asked: the first of a recording stays there,
// without what its strings say, and each later one is compared with it.

#ifndef SILT_SYMBOLIZER_COMMANDS_HEAP_AT_DUMP_H_
#define SILT_SYMBOLIZER_COMMANDS_HEAP_AT_DUMP_H_

#include <sys/types.h>

#include <string>

#include "symbolizer/process/snapshot_request.h"

namespace silt::commands {

// `snapshot`: as request_snapshot said. What fails is told, and changes nothing.
void look_into_heap(pid_t pid, const std::string& snapshot, const process::Patience& patience);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_HEAP_AT_DUMP_H_
