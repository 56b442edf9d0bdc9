// SPDX-License-Identifier: Apache-2.0
//
// Turning a process into somebody else's program with the interposer loaded. What can go wrong is
// found out before, while there is still a tool that can tell it.

#ifndef SILT_SYMBOLIZER_PROCESS_LAUNCH_H_
#define SILT_SYMBOLIZER_PROCESS_LAUNCH_H_

#include <filesystem>
#include <string>
#include <vector>

#include "interposer/format/settings.h"
#include "symbolizer/process/program_file.h"

namespace silt::process {

// Settings of the interposer as given; empty ones leave the environment as it is.
class RecordSettings {
 public:
  std::string& operator[](format::SettingId id) { return values_[static_cast<size_t>(id)]; }
  const std::string& operator[](format::SettingId id) const {
    return values_[static_cast<size_t>(id)];
  }

 private:
  std::string values_[format::kSettingCount];
};

// One line about a setting that cannot be understood, empty when all can.
std::string mistake_in(const RecordSettings& settings);

struct Launch {
  std::filesystem::path program;
  std::vector<std::string> words;  // program as it was named, and arguments
  std::string preload;             // value of LD_PRELOAD; empty: as it is
  std::string obstacle;            // why nothing would be recorded; empty: no reason to think so
};

// `words` are the program, as it was named, and its arguments. `status` of what is returned is 0
// when `launch` is ready.
NotRunnable prepare_launch(const std::vector<std::string>& words, const RecordSettings& settings,
                           Launch& launch);

// Changes the environment and becomes the program; returns only when that cannot be done.
NotRunnable become(const Launch& launch, const RecordSettings& settings);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_LAUNCH_H_
