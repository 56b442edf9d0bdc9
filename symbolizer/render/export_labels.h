// SPDX-License-Identifier: Apache-2.0
//
// What the figures of one recording are known by in metrics and tables: program, process id,
// recording, and its labels under names that Prometheus allows. No two recordings have the same.

#ifndef SILT_SYMBOLIZER_RENDER_EXPORT_LABELS_H_
#define SILT_SYMBOLIZER_RENDER_EXPORT_LABELS_H_

#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// A report of one recording, and where that is.
struct Exported {
  report::Report report;
  std::string path;
};

// [a-zA-Z_][a-zA-Z0-9_]*, not one of the names that silt gives itself, and not the beginning that
// Prometheus keeps for itself.
std::string label_name(std::string_view key);

// For each of `all`: clean texts, no name twice.
std::vector<std::vector<read::Label>> export_labels(const std::vector<Exported>& all);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_EXPORT_LABELS_H_
