// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/python/event_loop.h"

#include <map>
#include <string>

#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/site.h"
#include "symbolizer/runtime/python/frames.h"

namespace silt::runtime::python {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;
using symbolize::FrameList;

// Of a group's bytes, that one function must have made to name it.
constexpr double kGoodPart = 0.2;
// Of which the module's own statements make so much, these are what it is about.
constexpr double kMostly = 0.5;

struct Made {
  Frame site;
  double bytes = 0;
};

// Whether functions of Python's library or of packages are between the allocation and the site.
bool is_by_library(const FrameList& frames, size_t site) {
  for (size_t i = 0; i < site; ++i) {
    if (frames[i].kind == FrameKind::kPython && !owns(frames[i])) return true;
  }
  return false;
}

}  // namespace

void look_below_event_loops(const report::Settling& input, std::vector<report::Group>& groups) {
  for (report::Group& group : groups) {
    if (group.site.kind != FrameKind::kPython || !report::says_little(group.site)) continue;
    std::map<std::string, Made> by_site;
    double all = 0;
    double own = 0;  // of statements of the module
    for (const size_t index : group.stacks) {
      const read::Stack& stack = input.recording.stacks[index];
      if (stack.samples.empty()) continue;
      const FrameList frames = report::frames_of(input.recording, stack, input.names);
      if (frames.empty()) continue;
      const size_t at = report::find_site(frames);
      const auto bytes = static_cast<double>(stack.samples.back().live_bytes);
      all += bytes;
      if (frames[at].kind != FrameKind::kPython || !owns(frames[at])) continue;
      if (!report::says_little(frames[at])) {
        Made& made = by_site[report::site_key(frames[at])];
        made.site = frames[at];
        made.bytes += bytes;
      } else if (!is_by_library(frames, at)) {
        own += bytes;
      }
    }
    if (own >= kMostly * all) continue;
    const Made* most = nullptr;
    for (const auto& [key, made] : by_site) {
      if (most == nullptr || made.bytes > most->bytes) most = &made;
    }
    if (most != nullptr && most->bytes >= kGoodPart * all) group.site = most->site;
  }
}

}  // namespace silt::runtime::python
