// SPDX-License-Identifier: Apache-2.0
//
// Texts that others chose (paths, names from files) made fit for a message of one line: control
// characters could move the cursor or fake a second message, so they are shown as escapes.

#ifndef SILT_SYMBOLIZER_BASE_QUOTE_H_
#define SILT_SYMBOLIZER_BASE_QUOTE_H_

#include <concepts>
#include <filesystem>
#include <string>
#include <string_view>

namespace silt {

// The text with control characters as \xNN: a message that holds texts of others, in quotes or not,
// as it may be written to a terminal.
std::string one_line(std::string_view text);
// The same, of a message that has several lines.
std::string some_lines(std::string_view text);

// The text in single quotes; bytes below space, DEL and backslashes as \xNN or \\.
std::string in_quotes(std::string_view text);
// A template, so that texts do not become paths on their way here.
template <std::same_as<std::filesystem::path> Path>
std::string in_quotes(const Path& path) {
  return in_quotes(std::string_view(path.native()));
}

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_QUOTE_H_
