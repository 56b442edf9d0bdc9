// SPDX-License-Identifier: Apache-2.0
//
// The whole of each JavaScript heap: heapUsed after its collections is exact, where V8's profile
// holds a sample of each hundred kilobytes. And what V8 has mapped beside its heaps.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_WHOLE_HEAP_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_WHOLE_HEAP_H_

#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::nodejs {

void judge_heaps(const report::WholeInput& input, std::vector<report::Group>& groups,
                 report::Wholes& wholes);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_WHOLE_HEAP_H_
