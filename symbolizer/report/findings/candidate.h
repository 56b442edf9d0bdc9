// SPDX-License-Identifier: Apache-2.0
//
// A group while it is put together: with its stacks' curves, and with what is known of the
// functions that they run through.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_CANDIDATE_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_CANDIDATE_H_

#include <cstddef>
#include <unordered_set>
#include <vector>

#include "symbolizer/report/findings/fold.h"

namespace silt::report {

struct Member {
  size_t stack = 0;  // index into Recording::stacks
  analyze::Series series;
};

struct Candidate {
  Group group;
  std::vector<Member> members;
  std::vector<symbolize::Frame> sites;  // that it had before its parts joined
  // Hashes of the functions that its stack of most growth runs through, once find_functions was
  // called.
  std::unordered_set<size_t> functions;
};

double growth_of(const analyze::Timeline& timeline, const analyze::Series& series);
analyze::Series sum_of(const std::vector<Member>& members);
// Largest growth first.
void order_members(const analyze::Timeline& timeline, std::vector<Member>& members);

// The nodes of its first stack, from the innermost frame outwards. It has members.
std::vector<read::NodeId> path_of(const read::Recording& recording, const Candidate& candidate);

// How many nodes two such paths share, from the outermost on.
size_t common_nodes(const std::vector<read::NodeId>& a, const std::vector<read::NodeId>& b);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_CANDIDATE_H_
