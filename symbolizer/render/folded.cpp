// SPDX-License-Identifier: Apache-2.0
//
// Folded stacks, one a line, outermost frame first, then a number: what flame graph tools read. The
// number is growth in bytes, or live bytes where there is only one snapshot; stacks that did not
// grow are left out, since the format knows no negative numbers. Of several processes each has an
// outermost frame of its own, with its labels. One alone has none: the format has no other place
// for labels, and with them two builds' or pods' stacks could not be compared (difffolded.pl).

#include <unordered_map>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

std::string process_frame(const report::Report& report, size_t process) {
  const report::ProcessLine& line = report.processes[process];
  const std::string labels = labels_text(line.labels);
  return folded_frame(process_name(line) + (labels.empty() ? "" : ", " + labels));
}

}  // namespace

std::string render_folded(const report::Report& report) {
  const bool growth = report.judged_snapshots >= 2;
  std::string text;
  std::unordered_map<const symbolize::Frame*, std::string> names;  // lists share their frames
  const auto name_of = [&names](const symbolize::Frame& frame) -> const std::string& {
    const auto [at, added] = names.try_emplace(&frame);
    if (added) at->second = folded_frame(function_text(frame));
    return at->second;
  };
  for (const report::StackLine& stack : report.stacks) {
    const int64_t value = growth ? stack.growth_bytes
                          : stack.live_bytes.empty()
                              ? 0
                              : static_cast<int64_t>(stack.live_bytes.back());
    if (value <= 0) continue;
    if (stack.process < report.processes.size()) text += process_frame(report, stack.process) + ';';
    if (stack.frames.empty()) text += "?";
    for (size_t i = stack.frames.size(); i > 0; --i) {
      text += name_of(stack.frames[i - 1]);
      if (i > 1) text += ';';
    }
    if (stack.heap != read::Heap::kNative) text += ";[" + heap_word(stack.heap) + "]";
    text += ' ' + std::to_string(value) + '\n';
  }
  return text;
}

}  // namespace silt::render
