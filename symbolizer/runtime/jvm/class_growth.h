// SPDX-License-Identifier: Apache-2.0
//
// What looks at the classes of a Java heap tell: the curve of their sum, which classes came between
// two looks, and what that says of the growth.

#ifndef SILT_SYMBOLIZER_RUNTIME_JVM_CLASS_GROWTH_H_
#define SILT_SYMBOLIZER_RUNTIME_JVM_CLASS_GROWTH_H_

#include <string_view>
#include <vector>

#include "symbolizer/analyze/whole.h"
#include "symbolizer/report/report.h"

namespace silt::runtime::jvm {

using Looks = std::vector<const read::CensusLook*>;

// Those of snapshots that are reported, but not of the one at exit.
Looks looks_of(const read::Recording& recording);

// Live bytes over all looks, without those of one class; empty: of all.
analyze::Curve curve_of_looks(const Looks& looks, std::string_view without);

// How much more there is of a class, and the later look's own count of it.
struct Came {
  read::ClassCount last;
  double bytes = 0;
  double objects = 0;
  double classes = 0;
};

// Classes of which there is more, most bytes first.
std::vector<Came> came_between(const read::CensusLook& then, const read::CensusLook& now);

// Which class of the program came most, soft references that came with it, class loaders.
std::vector<report::Remark> remarks_of(const std::vector<Came>& came);

// What came, by class; an own one first.
std::vector<report::TypeLine> types_of(std::vector<Came> came);

}  // namespace silt::runtime::jvm

#endif  // SILT_SYMBOLIZER_RUNTIME_JVM_CLASS_GROWTH_H_
