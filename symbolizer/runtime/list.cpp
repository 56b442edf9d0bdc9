// SPDX-License-Identifier: Apache-2.0
//
// The list of runtimes. A new one adds its line here.

#include <array>

#include "symbolizer/report/runtime.h"
#include "symbolizer/runtime/jvm/jvm.h"
#include "symbolizer/runtime/nodejs/nodejs.h"
#include "symbolizer/runtime/others.h"
#include "symbolizer/runtime/php/php.h"
#include "symbolizer/runtime/python/python.h"

namespace silt::report {

std::span<const Runtime* const> runtimes() {
  static constexpr std::array<const Runtime*, 5> kList = {&runtime::kNodejs, &runtime::kPython,
                                                          &runtime::kJvm, &runtime::kPhp,
                                                          &runtime::kOthers};
  return kList;
}

}  // namespace silt::report
