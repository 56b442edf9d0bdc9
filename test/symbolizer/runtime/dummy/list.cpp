// SPDX-License-Identifier: Apache-2.0
//
// The list of runtimes with one more: symbolizer/runtime/list.cpp plus a line. The linker takes
// this one, since the library's is not needed then.

#include <array>

#include "symbolizer/report/runtime.h"
#include "symbolizer/runtime/jvm/jvm.h"
#include "symbolizer/runtime/nodejs/nodejs.h"
#include "symbolizer/runtime/others.h"
#include "symbolizer/runtime/python/python.h"
#include "test/symbolizer/runtime/dummy/dummy.h"

namespace silt::report {

std::span<const Runtime* const> runtimes() {
  static const std::array<const Runtime*, 5> kList = {
      &runtime::kNodejs, &runtime::kPython, &runtime::kJvm, &runtime::kOthers, &test::kDummy};
  return kList;
}

}  // namespace silt::report
