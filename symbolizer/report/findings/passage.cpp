// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/passage.h"

#include <functional>
#include <string>

#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/report/site.h"

namespace silt::report {

using symbolize::Frame;

bool is_foreign(const Frame& site, const FoldOptions& options) {
  const Origin origin = origin_of(site, options.look_through);
  return origin != Origin::kUser && origin != Origin::kWrapper;
}

size_t function_hash(const Frame& frame) {
  if (frame.function.empty()) {
    return std::hash<std::string>()(frame.module) * 31 + number_of(frame.function_address);
  }
  return std::hash<std::string>()(frame.function) * 31 + std::hash<std::string>()(frame.file);
}

void find_functions(const read::Recording& recording, const NodeFrames& names,
                    Candidate& candidate) {
  const read::Stack& stack = recording.stacks[candidate.members.front().stack];
  for (const read::NodeId node : read::StackNodes(recording, stack)) {
    for (const Frame& frame : names(node)) candidate.functions.insert(function_hash(frame));
  }
}

bool is_main(const read::Recording& recording, const NodeFrames& names, const Candidate& candidate,
             const Frame& site) {
  if (!site.function.empty()) return site.function == "main";
  if (site.function_address == FileAddress{}) return false;
  const Frame* outermost = nullptr;
  const read::Stack& stack = recording.stacks[candidate.members.front().stack];
  for (const read::NodeId node : read::StackNodes(recording, stack)) {
    for (const Frame& frame : names(node)) {
      const bool own = frame.module == site.module && frame.function_address != FileAddress{};
      if (!own) continue;
      // _start is the caller of libc's start, and the very last.
      const read::NodeId parent = recording.nodes[node].parent;
      if (outermost == nullptr || read::is_call(recording, parent)) outermost = &frame;
    }
  }
  return outermost != nullptr && same_function(*outermost, site);
}

Passage passes(const read::Recording& recording, const Candidate& candidate,
               const NodeFrames& names, const Frame& site) {
  Passage all;
  const std::string key = site_key(site);
  for (const Member& member : candidate.members) {
    Passage here{false, false};
    const read::Stack& stack = recording.stacks[member.stack];
    for (const read::NodeId node : read::StackNodes(recording, stack)) {
      for (const Frame& frame : names(node)) {
        if (!same_function(frame, site)) continue;
        here.function = true;
        here.line = here.line || site_key(frame) == key;
      }
    }
    all.line = all.line && here.line;
    all.function = all.function && here.function;
    if (!all.function) break;
  }
  return all;
}

bool may_hold(const read::Recording& recording, const NodeFrames& names, const FoldOptions& options,
              const Candidate& container, const Candidate& content) {
  const Frame& site = content.group.site;
  const bool foreign = is_foreign(site, options);
  if (foreign != is_foreign(container.group.site, options)) return false;
  if (foreign) return true;
  return !is_main(recording, names, content, site) &&
         passes(recording, container, names, site).function;
}

}  // namespace silt::report
