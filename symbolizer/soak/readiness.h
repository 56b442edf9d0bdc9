// SPDX-License-Identifier: Apache-2.0
//
// When the load may begin: the program is under silt, its port answers, the --ready command
// succeeds, and --wait is over.

#ifndef SILT_SYMBOLIZER_SOAK_READINESS_H_
#define SILT_SYMBOLIZER_SOAK_READINESS_H_

#include <optional>

#include "symbolizer/base/result.h"
#include "symbolizer/soak/running.h"

namespace silt::soak {

// An error when the program is not ready in time, or ended. Returns also when somebody asked for an
// end meanwhile.
std::optional<Error> wait_ready(Running& running, const Task& task);

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_READINESS_H_
