// SPDX-License-Identifier: Apache-2.0
//
// The whole of a Java heap: the sum over its classes after collections is exact, and the only thing
// that is known of it. Who allocated what, silt does not see; which classes came, it does.

#ifndef SILT_SYMBOLIZER_RUNTIME_JVM_JAVA_HEAP_H_
#define SILT_SYMBOLIZER_RUNTIME_JVM_JAVA_HEAP_H_

#include <string>
#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::jvm {

void judge_java_heap(const report::WholeInput& input, std::vector<report::Group>& groups,
                     report::Wholes& wholes);

// Where there was no judging, why, and what would make it possible.
std::vector<std::string> java_heap_notes(const read::Recording& recording,
                                         const report::Report& report);

// Its words; see report::Runtime.
std::string java_headline(const report::Finding& finding);
std::string java_subject(const report::Why& why);
std::string java_remark(const report::Remark& remark);

}  // namespace silt::runtime::jvm

#endif  // SILT_SYMBOLIZER_RUNTIME_JVM_JAVA_HEAP_H_
