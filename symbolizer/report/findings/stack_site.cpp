// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/stack_site.h"

#include <string_view>

#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using symbolize::Frame;

// An allocator inside a program takes a few calls from its entry to where it asks for memory.
constexpr size_t kFurther = 8;

bool is_own_frame(const Frame& frame, bool managed, const FoldOptions& options) {
  if (origin_of(frame, options.look_through) != Origin::kUser) return false;
  return !managed || find_runtime(frame.kind) != nullptr;
}

bool has_own_frame(const symbolize::FrameList& frames, size_t begin, bool managed,
                   const FoldOptions& options) {
  for (size_t i = begin; i < frames.size(); ++i) {
    if (is_own_frame(frames[i], managed, options)) return true;
  }
  return false;
}

}  // namespace

Frame site_of(const read::Recording& recording, const read::Stack& stack, const NodeFrames& names,
              const FoldOptions& options) {
  const bool managed = !recording.jit_map.empty() || !recording.script_frames.empty();
  symbolize::FrameList frames;
  const read::StackNodes nodes(recording, stack);
  auto node = nodes.begin();
  for (bool found = false; !found && node != nodes.end(); ++node) {
    const symbolize::FrameList& here = names(*node);
    frames.append(here);
    // A collection or compilation grows for its own reasons, wherever it was set off.
    for (const Frame& frame : here) {
      const std::string_view work = own_work(frame);
      if (work.empty()) continue;
      Frame site;
      site.function = work;
      return site;
    }
    found = has_own_frame(here, 0, managed, options);
  }
  if (frames.empty()) {
    Frame unknown;
    unknown.unresolved = "no stack was recorded";
    return unknown;
  }
  const std::string_view books = own_stack(frames);
  if (!books.empty()) {
    Frame site;
    site.function = books;
    return site;
  }
  // A little further out may be the `operator new` that the program replaced: what it calls is an
  // allocator, and the site is who called it.
  symbolize::FrameList further = frames;
  for (size_t i = 0; i < kFurther && node != nodes.end(); ++i, ++node) {
    further.append(names(*node));
  }
  const size_t inner = inner_allocator_frames(further);
  if (inner < frames.size()) return frames[find_site(frames, options.look_through)];
  for (; !has_own_frame(further, inner, managed, options) && node != nodes.end(); ++node) {
    further.append(names(*node));
  }
  return further[find_site(further, options.look_through)];
}

symbolize::FrameList frames_of(const read::Recording& recording, const read::Stack& stack,
                               const NodeFrames& names) {
  symbolize::FrameList frames;
  for (const read::NodeId node : read::StackNodes(recording, stack)) frames.append(names(node));
  return frames;
}

}  // namespace silt::report
