// SPDX-License-Identifier: Apache-2.0
//
// Findings in the words of people who write for Node.js.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_WORDS_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_WORDS_H_

#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"

namespace silt::runtime::nodejs {

// As Runtime's members of these names (report/runtime.h).
std::string headline(const report::Finding& finding);
std::string before_site(const report::Finding& finding);
std::string subject(const report::Why& why);
std::string remark(const report::Remark& remark);
std::vector<std::string> notes(const read::Recording& recording, const report::Report& report);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_WORDS_H_
