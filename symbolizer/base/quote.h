// SPDX-License-Identifier: Apache-2.0
//
// Texts that others chose (paths, names from files) made fit for a message of one line: control
// characters could move the cursor or fake a second message, so they are shown as escapes.

#ifndef SILT_SYMBOLIZER_BASE_QUOTE_H_
#define SILT_SYMBOLIZER_BASE_QUOTE_H_

#include <filesystem>
#include <string>
#include <string_view>

namespace silt {

// The text in single quotes; bytes below space, DEL and backslashes as \xNN or \\.
std::string quoted(std::string_view text);
std::string quoted(const std::filesystem::path& path);
inline std::string quoted(const char* text) { return quoted(std::string_view(text)); }

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_QUOTE_H_
