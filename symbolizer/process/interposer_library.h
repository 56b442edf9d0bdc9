// SPDX-License-Identifier: Apache-2.0
//
// Where libsilt.so is, seen from the tool.

#ifndef SILT_SYMBOLIZER_PROCESS_INTERPOSER_LIBRARY_H_
#define SILT_SYMBOLIZER_PROCESS_INTERPOSER_LIBRARY_H_

#include <filesystem>
#include <string>

#include "symbolizer/base/result.h"

namespace silt::process {

// SILT_LIBRARY; beside the tool in a build folder; in the lib folders beside the tool's bin folder.
Result<std::filesystem::path> find_interposer();
Result<std::filesystem::path> find_interposer_near(const std::filesystem::path& tool);

// The one for programs of musl that came with `library`; empty where there is none.
std::filesystem::path library_for_musl(const std::filesystem::path& library);

// The value of LD_PRELOAD with the library before what is there already.
Result<std::string> preload_value(const std::filesystem::path& library, const char* before);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_INTERPOSER_LIBRARY_H_
