// SPDX-License-Identifier: Apache-2.0
//
// Which recordings paths on the command line mean. They are read one by one, when their turn comes:
// a hundred together may be more than memory holds.

#ifndef SILT_SYMBOLIZER_COMMANDS_RECORDINGS_H_
#define SILT_SYMBOLIZER_COMMANDS_RECORDINGS_H_

#include <functional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/read/recording.h"

namespace silt::commands {

using ReadRecording = std::function<Result<read::Recording>()>;

// Snapshot files of one folder are one recording; a folder that is none stands for the newest
// recording in it; without paths it is the newest here, or in SILT_OUT.
// What is named twice, under whatever names, counts once; a warning says so.
Result<std::vector<ReadRecording>> recordings_named(const std::vector<std::string>& paths);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_RECORDINGS_H_
