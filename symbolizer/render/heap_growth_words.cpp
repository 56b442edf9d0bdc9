// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/heap_growth_words.h"

#include "symbolizer/base/quantity.h"

namespace silt::render {

std::string heap_growth_text(const report::Report& report, const report::HeapGrowthLine& line) {
  std::string text = "JavaScript heap";
  if (line.thread != 0) text += " of worker " + std::to_string(line.thread);
  if (!report.processes.empty()) text += " of pid " + std::to_string(line.pid);
  text += ", snapshots " + std::to_string(line.first_snapshot) + " to " +
          std::to_string(line.last_snapshot) + ": ";
  if (line.owners.empty()) {
    return text + "no object keeps " + format_bytes(static_cast<double>(line.least_bytes)) +
           " more than before";
  }
  return text + format_bytes_signed(static_cast<double>(line.growth_bytes)) + " in " +
         format_counted(static_cast<double>(line.growth_objects), "object");
}

}  // namespace silt::render
