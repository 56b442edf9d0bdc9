// SPDX-License-Identifier: Apache-2.0
//
// What runs below an event loop. A server's last line is `asyncio.run(main())` or `app.run()`, and
// everything that the library allocates for it has that line as its only own code.

#ifndef SILT_SYMBOLIZER_RUNTIME_PYTHON_EVENT_LOOP_H_
#define SILT_SYMBOLIZER_RUNTIME_PYTHON_EVENT_LOOP_H_

#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::python {

// Names groups that have such a line as their site by a function further in, where one of those
// makes a good part of them.
void look_below_event_loops(const report::Settling& input, std::vector<report::Group>& groups);

}  // namespace silt::runtime::python

#endif  // SILT_SYMBOLIZER_RUNTIME_PYTHON_EVENT_LOOP_H_
