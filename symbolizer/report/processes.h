// SPDX-License-Identifier: Apache-2.0
//
// Processes that are reported together: what each is called, so that two containers' process 1 are
// not taken for one, and what each has of its own beside the sums.

#ifndef SILT_SYMBOLIZER_REPORT_PROCESSES_H_
#define SILT_SYMBOLIZER_REPORT_PROCESSES_H_

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::report {

// One line for each report, with its figures as they are before they are lined up. `paths` names
// the recordings.
std::vector<ProcessLine> process_lines(const std::vector<Report>& reports,
                                       const std::vector<std::string>& paths);

// Those that all of them have alike.
std::vector<read::Label> common_labels(const std::vector<ProcessLine>& processes);

// Lines that processes say of themselves. What several say alike is told once, with their names.
class ToldLines {
 public:
  void add(const std::string& who, const std::vector<std::string>& texts);
  std::vector<std::string> take() const;

 private:
  struct Line {
    std::string text;
    std::vector<std::string> who;
  };
  std::vector<Line> lines_;
  std::unordered_map<std::string, size_t> by_text_;
  size_t processes_ = 0;
};

// "pid 1, pid 2", or of many "pid 1, pid 2, pid 3 and 97 more".
std::string some_of(const std::vector<std::string>& names);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_PROCESSES_H_
