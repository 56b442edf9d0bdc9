// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/runtime/nodejs/imagined_server.h"

namespace silt::report {

std::vector<const Finding*> accused(const Report& report) {
  std::vector<const Finding*> found;
  for (const Finding& finding : report.findings) {
    if (finding.verdict == Verdict::kLeak) found.push_back(&finding);
  }
  return found;
}

}  // namespace silt::report
