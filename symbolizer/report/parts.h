// SPDX-License-Identifier: Apache-2.0
//
// The second half of folding: groups of one site each, which are parts of one leaked thing, become
// one group, and its site is the line where the parts' stacks meet.

#ifndef SILT_SYMBOLIZER_REPORT_PARTS_H_
#define SILT_SYMBOLIZER_REPORT_PARTS_H_

#include <cstddef>
#include <unordered_set>
#include <vector>

#include "symbolizer/report/fold.h"

namespace silt::report {

struct Member {
  size_t stack = 0;  // index into Recording::stacks
  analyze::Series series;
};

struct Candidate {
  Group group;
  std::vector<Member> members;
  std::vector<symbolize::Frame> sites;  // that it had before its parts joined
  // Hashes of the functions that its stack of most growth runs through, once join_parts needs them.
  std::unordered_set<size_t> functions;
};

// A node that stands for a call, neither the root nor a marker.
bool is_real(const read::Recording& recording, uint32_t node);

double growth_of(const analyze::Timeline& timeline, const analyze::Series& series);
analyze::Series sum_of(const std::vector<Member>& members);
void order_members(const analyze::Timeline& timeline, std::vector<Member>& members);

// Whether `container` may be what holds `content`: all of its stacks run through the function that
// makes the content (not main), or no line of the user's is known for either.
bool may_hold(const read::Recording& recording, const NodeFrames& names, const FoldOptions& options,
              const Candidate& container, const Candidate& content);

// A group joins the group of a leak when it grows in step with it, or is a container that holds it,
// and its stacks run through the function that leaks. What then remains to one function that other,
// healthy callers use as well is moved to the caller that leaks.
void join_parts(const read::Recording& recording, const analyze::Timeline& timeline,
                const NodeFrames& names, const FoldOptions& options,
                std::vector<Candidate>& candidates);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_PARTS_H_
