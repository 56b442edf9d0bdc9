// SPDX-License-Identifier: Apache-2.0
//
// A report with a bit of everything, whose names are hostile: control characters, terminal escapes,
// markup of each format, text that is not UTF-8.

#ifndef SILT_TEST_SYMBOLIZER_RENDER_SAMPLE_REPORT_H_
#define SILT_TEST_SYMBOLIZER_RENDER_SAMPLE_REPORT_H_

#include <cstdint>
#include <string>

#include "symbolizer/report/report.h"

namespace silt::test {

symbolize::Frame frame(const std::string& function, const std::string& file, uint32_t line);

report::Report sample();

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_RENDER_SAMPLE_REPORT_H_
