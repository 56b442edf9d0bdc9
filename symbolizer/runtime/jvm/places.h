// SPDX-License-Identifier: Apache-2.0
//
// What belongs together among the places of a Java heap: an object and what its constructor makes,
// what is made with none of the program's code on the stack, and what a function makes along with
// something larger.

#ifndef SILT_SYMBOLIZER_RUNTIME_JVM_PLACES_H_
#define SILT_SYMBOLIZER_RUNTIME_JVM_PLACES_H_

#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::jvm {

// Groups of Java objects at the line that makes an object and in its constructor become one.
void join_constructed(const read::Recording& recording, const report::NodeFrames& names,
                      std::vector<report::Group>& groups);

// All of it. `groups`: of Java objects only.
void join_places(const report::Settling& input, std::vector<report::Group>& groups);

}  // namespace silt::runtime::jvm

#endif  // SILT_SYMBOLIZER_RUNTIME_JVM_PLACES_H_
