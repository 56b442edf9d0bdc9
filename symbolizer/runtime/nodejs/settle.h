// SPDX-License-Identifier: Apache-2.0
//
// What only a Node.js process has: JavaScript heaps known by samples, native memory that goes with
// them, and a pool of threads without JavaScript. Findings are held against two budgets, what
// belongs together becomes one.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_SETTLE_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_SETTLE_H_

#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::nodejs {

// Of a node that was joined. Groups that a budget does not cover get a ground against them; those
// that are V8's own bookkeeping are left out. Leaks come first.
void settle_joined(const report::Settling& input, std::vector<report::Group>& groups);

// Of a node that silt has not joined, whose native memory is all that is known: what V8 allocates
// for itself goes away when it collects, which may be much later, and looks like growth until then.
void settle_unjoined(std::vector<report::Group>& groups);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_SETTLE_H_
