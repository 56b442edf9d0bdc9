// SPDX-License-Identifier: Apache-2.0
//
// Where the source of a frame lies on this machine, and what a repository calls it. Debug
// information has paths of the machine that compiled: relative to the folder in which the compiler
// ran (DW_AT_comp_dir), or in another checkout altogether. Formats that a code review reads want
// the path in the repository, and a page wants the lines.

#ifndef SILT_SYMBOLIZER_REPORT_SOURCE_PLACES_H_
#define SILT_SYMBOLIZER_REPORT_SOURCE_PLACES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::report {

// Folders of checkouts, absolute, without a slash at the end, those that matter most first: what
// the CI system names (GITHUB_WORKSPACE, CI_PROJECT_DIR), then the git repository around `folder`.
// Those that are no folders are left out. `variable` reads the environment; nullptr: not set.
std::vector<std::string> checkouts_of(const char* (*variable)(const char* name),
                                      const std::string& folder);

// Looks for one path after the other, and remembers nothing. A path that is not there is looked for
// in the checkouts by its last parts, two at least, or all but the first: "/src/shop/table.cpp" of
// a container is "shop/table.cpp" here. Links are not followed out of a checkout by this: what is
// read is for who reads it to decide.
class Checkouts {
 public:
  explicit Checkouts(std::vector<std::string> folders) : folders_(std::move(folders)) {}

  // `path` as source_path gives it.
  SourcePlace find(const std::string& path) const;

 private:
  std::vector<std::string> folders_;
};

// Fills Report::sources for what findings and stacks speak of.
void add_source_places(const Checkouts& checkouts, Report& report);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_SOURCE_PLACES_H_
