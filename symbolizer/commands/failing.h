// SPDX-License-Identifier: Apache-2.0

#ifndef SILT_SYMBOLIZER_COMMANDS_FAILING_H_
#define SILT_SYMBOLIZER_COMMANDS_FAILING_H_

#include <string>

#include "symbolizer/base/log.h"

namespace silt::commands {

// Says what went wrong; `return fail(message, status)` ends a command.
inline int fail(const std::string& message, int status) {
  log::error(message);
  return status;
}

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_FAILING_H_
