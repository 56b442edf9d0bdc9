// SPDX-License-Identifier: Apache-2.0
//
// Work that may need more memory than there is, or that reads what nobody has checked, in a process
// of its own: the kernel ends that one first, and what the tool is about goes on.

#ifndef SILT_SYMBOLIZER_COMMANDS_WORK_APART_H_
#define SILT_SYMBOLIZER_COMMANDS_WORK_APART_H_

#include <functional>
#include <optional>

#include "symbolizer/base/result.h"

namespace silt::commands {

// Waits until `work` is done; what it leaves are files. An error is its own, or says how its
// process ended. Only while the tool has one thread.
std::optional<Error> work_apart(const std::function<std::optional<Error>()>& work);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_WORK_APART_H_
