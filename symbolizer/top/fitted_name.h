// SPDX-License-Identifier: Apache-2.0
//
// Names of functions in a column that may be narrow. What a name ends with tells most, so the
// namespaces before it give way first, whole ones, and only then the name itself.

#ifndef SILT_SYMBOLIZER_TOP_FITTED_NAME_H_
#define SILT_SYMBOLIZER_TOP_FITTED_NAME_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace silt::top {

// Of a clean name, at most `width` columns: "shop::cache::Table::add" is "…Table::add" in 12.
std::string fitted_name(std::string_view name, size_t width);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_FITTED_NAME_H_
