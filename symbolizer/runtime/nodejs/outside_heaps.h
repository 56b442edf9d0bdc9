// SPDX-License-Identifier: Apache-2.0
//
// What V8 has resident outside its heaps: memories of WebAssembly modules, above all. Its profile
// does not see what modules keep there.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_OUTSIDE_HEAPS_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_OUTSIDE_HEAPS_H_

#include "symbolizer/report/findings/whole.h"

namespace silt::runtime::nodejs {

// Adds a finding of the whole where that grows. Recordings of earlier versions do not tell the
// modules' memories from V8's own: there, what else V8 says of itself must agree.
void judge_outside_heaps(const report::WholeInput& input, report::Wholes& wholes);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_OUTSIDE_HEAPS_H_
