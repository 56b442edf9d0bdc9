// SPDX-License-Identifier: Apache-2.0
//
// Folded stacks, one a line, outermost frame first, then a number: what flame graph tools read. The
// number is growth in bytes, or live bytes where there is only one snapshot; stacks that did not
// grow are left out, since the format knows no negative numbers. Of very many stacks the smallest
// are one line, so that the sum stays what it is and a flame graph can still be drawn. Of several
// processes each has an outermost frame of its own, with its labels. One alone has none: the format
// has no other place for labels, and with them two builds' or pods' stacks could not be compared
// (difffolded.pl).

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

constexpr size_t kMostFoldedStacks = 50'000;    // lines
constexpr size_t kMostFoldedBytes = 64u << 20;  // of text: stacks may be thousands of frames deep

int64_t value_of(const report::StackLine& stack, bool growth) {
  if (growth) return stack.growth_bytes;
  return stack.live_bytes.empty() ? 0 : static_cast<int64_t>(stack.live_bytes.back());
}

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
  std::vector<const report::StackLine*> shown;
  for (const report::StackLine& stack : report.stacks) {
    if (value_of(stack, growth) > 0) shown.push_back(&stack);
  }
  if (shown.size() > kMostFoldedStacks) {
    std::stable_sort(shown.begin(), shown.end(), [growth](const auto* a, const auto* b) {
      return value_of(*a, growth) > value_of(*b, growth);
    });
  }
  size_t told = 0;
  for (; told < std::min(shown.size(), kMostFoldedStacks) && text.size() < kMostFoldedBytes;
       ++told) {
    const report::StackLine& stack = *shown[told];
    if (stack.process < report.processes.size()) text += process_frame(report, stack.process) + ';';
    if (stack.frames.empty()) text += "?";
    for (size_t i = stack.frames.size(); i > 0; --i) {
      text += name_of(stack.frames[i - 1]);
      if (i > 1) text += ';';
    }
    if (stack.heap != read::Heap::kNative) text += ";[" + heap_word(stack.heap) + "]";
    text += ' ' + std::to_string(value_of(stack, growth)) + '\n';
  }
  if (told == shown.size()) return text;
  int64_t rest = 0;
  for (size_t i = told; i < shown.size(); ++i) rest += value_of(*shown[i], growth);
  text +=
      "(" + std::to_string(shown.size() - told) + " smaller stacks) " + std::to_string(rest) + "\n";
  return text;
}

}  // namespace silt::render
