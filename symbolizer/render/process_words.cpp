// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/process_words.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/processes.h"

namespace silt::render {

using report::ProcessLine;
using report::Report;

std::string programs_text(const Report& report) {
  std::vector<std::string> names;
  for (const ProcessLine& process : report.processes) {
    if (process.program.empty()) continue;
    if (std::find(names.begin(), names.end(), process.program) == names.end()) {
      names.push_back(process.program);
    }
  }
  if (names.empty()) return report.program.empty() ? "?" : report.program;
  return report::some_of(names);
}

std::string title_text(const Report& report) {
  return programs_text(report) + " (" +
         (report.processes.empty() ? "pid " + std::to_string(report.pid)
                                   : std::to_string(report.processes.size()) + " processes") +
         ")";
}

std::string process_name(const ProcessLine& process) {
  return (process.program.empty() ? "?" : process.program) + " (" + process.who + ")";
}

std::string process_verdict(const ProcessLine& process) {
  if (!process.judged) return "not judged";
  if (process.leaks > 0) return "leak";
  return process.growing > 0 ? "growing" : "no growth";
}

std::string process_outcome(const ProcessLine& process) {
  const std::string last = format_bytes(static_cast<double>(report::live_bytes(process.last())));
  if (!process.judged) {
    return last + ", not judged: " +
           format_counted(static_cast<double>(process.snapshots.size()), "snapshot");
  }
  std::string text =
      format_bytes(static_cast<double>(report::live_bytes(process.first()))) + " → " + last + ", " +
      (process.leaks == 0 ? "no leak" : format_counted(static_cast<double>(process.leaks), "leak"));
  if (process.growing > 0) text += ", " + std::to_string(process.growing) + " growing";
  if (process.bytes_per_hour) text += ", " + format_bytes_signed(*process.bytes_per_hour) + "/h";
  return text;
}

std::string labels_text(const std::vector<read::Label>& labels) {
  constexpr size_t kShortId = 12;
  std::string text;
  for (const read::Label& label : labels) {
    text += (text.empty() ? "" : ", ") + label.key + " " +
            (label.key == "container" ? label.value.substr(0, kShortId) : label.value);
  }
  return text;
}

std::vector<size_t> fastest_first(const Report& report) {
  std::vector<size_t> order(report.processes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto rank = [&report](size_t at) {
    const ProcessLine& process = report.processes[at];
    return std::tuple(process.leaks > 0, process.growing > 0, process.bytes_per_hour.value_or(0));
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank(a) > rank(b); });
  return order;
}

}  // namespace silt::render
