// SPDX-License-Identifier: Apache-2.0
//
// The program that is to run: found as a shell would find it, and looked at before it runs, since a
// preload that the loader ignores makes a recording that never comes.

#ifndef SILT_SYMBOLIZER_PROCESS_PROGRAM_FILE_H_
#define SILT_SYMBOLIZER_PROCESS_PROGRAM_FILE_H_

#include <filesystem>
#include <string>

#include "symbolizer/base/result.h"

namespace silt::process {

struct NotRunnable {
  std::string message;  // empty: it can be run
  int status = 0;       // as shells have it: 127 not found, 126 cannot be executed
};

// Searches `search_path` (PATH) for a name without a slash.
NotRunnable find_program(const std::string& name, const char* search_path,
                         std::filesystem::path& found);

// Why nothing, or not everything, would be recorded in this program; empty when there is no reason
// to think so. For a script, of its interpreter.
struct Obstacle {
  std::string text;
  bool preload_harms = false;  // the program must run without the library
  bool partly = false;         // the rest is recorded
  bool musl = false;           // what preload_harms is that the library is glibc's
  bool inner = false;          // an allocator inside, which the library may record after all
};
Obstacle recording_obstacle(const std::filesystem::path& program);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_PROGRAM_FILE_H_
