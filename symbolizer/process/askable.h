// SPDX-License-Identifier: Apache-2.0
//
// Whether a process can be asked for something at all, by what /proc tells of it; else the line
// that says why not.

#ifndef SILT_SYMBOLIZER_PROCESS_ASKABLE_H_
#define SILT_SYMBOLIZER_PROCESS_ASKABLE_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "symbolizer/base/result.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/process/wish.h"

namespace silt::process {

// `process PID WHAT`.
Error about(pid_t pid, const std::string& what);

// It is there, and lives.
Result<StatusFacts> find_process(pid_t pid);
// It runs under silt, and is not left out.
Result<MapFacts> find_interposer_in(pid_t pid);
// It is in no state for this wish: asleep, or awake.
std::optional<Error> wrong_state(pid_t pid, const std::optional<Card>& card, const Wish& wish);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_ASKABLE_H_
