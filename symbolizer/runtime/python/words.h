// SPDX-License-Identifier: Apache-2.0
//
// Findings and notes in the words of people who write Python.

#ifndef SILT_SYMBOLIZER_RUNTIME_PYTHON_WORDS_H_
#define SILT_SYMBOLIZER_RUNTIME_PYTHON_WORDS_H_

#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/why.h"

namespace silt::runtime::python {

// What a reader has to know of how Python was recorded.
std::vector<std::string> notes(const read::Recording& recording);

// What only Python's findings say of their reason; empty for others.
std::string remark(const report::Remark& remark);

}  // namespace silt::runtime::python

#endif  // SILT_SYMBOLIZER_RUNTIME_PYTHON_WORDS_H_
