// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/runtime/dummy/dummy.h"

#include <algorithm>
#include <array>
#include <string>

#include "symbolizer/render/place_words.h"

namespace silt::test {
namespace {

using report::Finding;
using report::Group;
using report::OwnWork;
using report::Remark;

constexpr std::string_view kCollector = "the dummy's collector";
constexpr const char* kPool = "dummy's pool";
constexpr std::array<std::string_view, 1> kPrograms = {"dummy"};
constexpr std::array<std::string_view, 1> kLibraries = {"libdummy"};
constexpr std::array<std::string_view, 1> kFunctions = {"dummy::"};

bool was_in(const read::Recording& recording) { return recording.program == "dummy"; }

// Its standard library is its own code, packages are libraries, the rest is the user's.
report::Origin origin_of(const symbolize::Frame& frame) {
  if (frame.file.starts_with("<dummy>/")) return report::Origin::kRuntime;
  return frame.file.find("/packages/") == std::string::npos ? report::Origin::kUser
                                                            : report::Origin::kLibrary;
}

std::string_view own_work(const symbolize::Frame& frame) {
  return frame.function.starts_with("dummy::Collector::") ? kCollector : std::string_view();
}

OwnWork work_of(std::string_view site) {
  return site == kCollector ? OwnWork::kCollecting : OwnWork::kNone;
}

// Marks its groups, and grounds a doubt where its pool made the blocks.
void settle(const report::Settling& input, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.site.kind != kDummyFrame) continue;
    group.runtime = "dummy";
    const bool pooled = std::any_of(group.stacks.begin(), group.stacks.end(), [&](size_t stack) {
      const symbolize::FrameList& leaf = input.names(input.recording.stacks[stack].leaf);
      return leaf.front().function == "dummy::Pool::take";
    });
    if (pooled) group.remarks.push_back({.kind = Remark::Kind::kHandedOutBy, .name = kPool});
  }
}

void judge_wholes(const report::WholeInput& input, std::vector<Group>&, report::Wholes& wholes) {
  if (!was_in(input.recording)) return;
  wholes.notes.push_back("the dummy's own heap was looked at");
}

std::vector<std::string> notes(const read::Recording& recording, const report::Report&) {
  if (!was_in(recording)) return {};
  return {"things are told by the dummy"};
}

std::string headline(const Finding& finding) {
  return "things kept by " + render::said_place(finding.site);
}

std::string before_site(const Finding&) { return "things made in "; }

std::string remark(const Remark& remark) {
  const bool own = remark.kind == Remark::Kind::kHandedOutBy && remark.name == kPool;
  return own ? "; taken from the dummy's pool" : "";
}

}  // namespace

const report::Runtime kDummy = {.name = "dummy",
                                .was_in = was_in,
                                .kind = kDummyFrame,
                                .kind_word = "dummy",
                                .programs = kPrograms,
                                .libraries = kLibraries,
                                .functions = kFunctions,
                                .origin_of = origin_of,
                                .own_work = own_work,
                                .work_of = work_of,
                                .hides_native_frames = true,
                                .settle = settle,
                                .judge_wholes = judge_wholes,
                                .notes = notes,
                                .headline = headline,
                                .before_site = before_site,
                                .remark = remark};

}  // namespace silt::test
