// SPDX-License-Identifier: Apache-2.0
//
// The part of `silt top` that shows one process or recording, picture after picture.

#ifndef SILT_SYMBOLIZER_COMMANDS_TOP_FOLLOWING_H_
#define SILT_SYMBOLIZER_COMMANDS_TOP_FOLLOWING_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/commands/top_source.h"
#include "symbolizer/top/picture.h"
#include "symbolizer/top/terminal.h"

namespace silt::commands {

// How one process or recording was left.
struct Left {
  enum class How : uint8_t { kQuit, kProcesses, kOver } how = How::kQuit;
  std::optional<Error> why;        // of kOver: the process has ended, as a rule
  std::vector<std::string> lines;  // the last picture, without keys
};

// Shows `picture`, which the source has made, and its next ones in its place, until the user wants
// something else. `keep`, of snapshots taken for this, is what it was and then what keys made it.
Left follow(top::Terminal& terminal, TopSource& source, top::Picture& picture,
            std::chrono::nanoseconds interval, bool& keep);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_TOP_FOLLOWING_H_
