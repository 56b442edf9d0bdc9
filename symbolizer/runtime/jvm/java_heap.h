// SPDX-License-Identifier: Apache-2.0
//
// A Java heap as a whole and by its places. The sum over its classes after collections is exact,
// and says which classes came; who allocated them is known by samples, where the machine takes
// them.

#ifndef SILT_SYMBOLIZER_RUNTIME_JVM_JAVA_HEAP_H_
#define SILT_SYMBOLIZER_RUNTIME_JVM_JAVA_HEAP_H_

#include <string>
#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::jvm {

// Whether some of its objects are known by samples.
bool has_samples(const read::Recording& recording);

// Places of samples, held against the heap.
void settle_java(const report::Settling& input, std::vector<report::Group>& groups);

// The heap: what no place explains becomes a finding of the whole.
void judge_java_heap(const report::WholeInput& input, std::vector<report::Group>& groups,
                     report::Wholes& wholes);

// What the live objects of findings and stacks are.
void add_java_types(const read::Recording& recording, report::Report& report);

// Where there was no judging, why, and what would make it possible.
std::vector<std::string> java_heap_notes(const read::Recording& recording,
                                         const report::Report& report);

// Its words; see report::Runtime.
std::string java_headline(const report::Finding& finding);
std::string java_before_site(const report::Finding& finding);
std::string java_subject(const report::Why& why);
std::string java_remark(const report::Remark& remark);

}  // namespace silt::runtime::jvm

#endif  // SILT_SYMBOLIZER_RUNTIME_JVM_JAVA_HEAP_H_
