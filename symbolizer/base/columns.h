// SPDX-License-Identifier: Apache-2.0
//
// How much room text takes on a terminal: columns, not bytes and not characters. East Asian
// characters take two, those that combine with the one before none. Text is cut between what a
// reader takes for characters, never within one.

#ifndef SILT_SYMBOLIZER_BASE_COLUMNS_H_
#define SILT_SYMBOLIZER_BASE_COLUMNS_H_

#include <cstddef>
#include <string_view>

namespace silt {

// A control character, which is not for a terminal, and a byte that is not UTF-8 count as a column.
size_t columns(std::string_view text);
// The longest beginning, or end, of text that takes at most so many columns.
std::string_view first_columns(std::string_view text, size_t width);
std::string_view last_columns(std::string_view text, size_t width);

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_COLUMNS_H_
