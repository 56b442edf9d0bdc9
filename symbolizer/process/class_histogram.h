// SPDX-License-Identifier: Apache-2.0
//
// What HotSpot answers to GC.class_histogram: a table of classes, most bytes first, and a total.
// Names of classes are the program's, which may put anything but `.;[/` into them, line feeds too:
// a row counts only where its number and its order are right, and all rows must add up.

#ifndef SILT_SYMBOLIZER_PROCESS_CLASS_HISTOGRAM_H_
#define SILT_SYMBOLIZER_PROCESS_CLASS_HISTOGRAM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/read/class_census.h"

namespace silt::process {

// Without what stands for dead objects.
struct ClassHistogram {
  uint64_t objects = 0;
  uint64_t bytes = 0;
  // Those of one name together. What the machine appends to names of classes that are made while it
  // runs (an address, a number) is no part of the name here: "Main$$Lambda".
  std::vector<read::ClassCount> classes;
};

Result<ClassHistogram> parse_class_histogram(std::string_view text);

// "[Lcom.shop.Order; (shop@1.0)" is one of the program's; what belongs to a module of the JDK, or
// is named like its packages where there are no modules, and arrays of numbers are not.
bool is_own_class(std::string_view name, std::string_view module);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_CLASS_HISTOGRAM_H_
