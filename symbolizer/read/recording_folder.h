// SPDX-License-Identifier: Apache-2.0
//
// What lies in a recording folder under which name.

#ifndef SILT_SYMBOLIZER_READ_RECORDING_FOLDER_H_
#define SILT_SYMBOLIZER_READ_RECORDING_FOLDER_H_

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::read {

// `000.silt`, `1234.silt`: digits and the suffix.
bool is_snapshot_name(std::string_view name);
// `silt.<program>.<pid>`.
bool is_recording_name(std::string_view name);

// The snapshot files of a folder, ascending by number.
Result<std::vector<std::filesystem::path>> snapshot_files(const std::filesystem::path& folder);

// The black box of a folder, empty when there is none; not a symbolic link either.
std::filesystem::path find_box(const std::filesystem::path& folder);

// `perf-<pid>.map` in `folder`, empty when there is none. A symbolic link is not followed: a
// recording may come from elsewhere, and must not name files of this machine.
std::filesystem::path find_jit_map(const std::filesystem::path& folder, uint32_t pid);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_RECORDING_FOLDER_H_
