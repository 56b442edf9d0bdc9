// SPDX-License-Identifier: Apache-2.0
//
// What stays the same of a place from run to run and from build to build: heap, module or file, and
// function, without lines and addresses. By it a finding is compared with an earlier report or a
// baseline. Which places grow as one finding may differ a little between runs of one program, so
// findings are compared by all their places.

#ifndef SILT_SYMBOLIZER_REPORT_PLACE_H_
#define SILT_SYMBOLIZER_REPORT_PLACE_H_

#include <optional>
#include <string>
#include <vector>

#include "symbolizer/report/findings/fold.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// Equal for the same place in another build. One line of text without control characters.
std::string place_key(read::Heap heap, const symbolize::Frame& site);
// Of the finding's site, or of what grows as a whole.
std::string place_key(const Finding& finding);

// Adds to the places; equal keys are added up.
void add_place(std::vector<Place>& places, const std::string& key, double bytes_per_hour);

// The site of a group, and the places at which its stacks ask for memory, each with the part of the
// group's bytes an hour that its growth has.
std::vector<Place> places_of(const read::Recording& recording, const Group& group,
                             const std::vector<StackSummary>& summaries, const NodeFrames& names,
                             const FoldOptions& options, double bytes_per_hour);

// The pace at which `known` says that the places of the finding grew, together, in bytes an hour;
// nothing if it knows none of them.
std::optional<double> known_pace(const Finding& finding, const std::vector<Place>& known);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_PLACE_H_
