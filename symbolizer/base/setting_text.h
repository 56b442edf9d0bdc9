// SPDX-License-Identifier: Apache-2.0
//
// The forms in which settings are written, the same that the interposer understands in its SILT_
// variables: the tool tells of a mistake before the program runs, not after.

#ifndef SILT_SYMBOLIZER_BASE_SETTING_TEXT_H_
#define SILT_SYMBOLIZER_BASE_SETTING_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace silt {

// `USR2`, `SIGUSR2`, `12`, `RTMIN`; 0 for `none`.
std::optional<int> parse_signal(std::string_view text);
// `SIGUSR2`, or the number where there is no name.
std::string signal_name(int signal);
// `512`, `512K`, `64 KiB`, `1.5 MB`: bytes; see interposer/format/size_text.h.
std::optional<uint64_t> parse_size(std::string_view text);
// `500ms`, `30s`, `5m`, `2h`; without a unit, seconds. Nanoseconds.
std::optional<uint64_t> parse_duration(std::string_view text);

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_SETTING_TEXT_H_
