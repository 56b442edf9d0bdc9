// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/symbolize/script_text.h"

#include <algorithm>
#include <utility>

#include "symbolizer/symbolize/script_scanner.h"

namespace silt::symbolize {
namespace {

using Function = ScriptText::Function;

}  // namespace

ScriptText::ScriptText(std::string text) : text_(std::move(text)) {
  scan_script(text_, functions_, lines_);
  for (const char c : text_) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) end_ += byte >= 0xf0 ? 2 : 1;
  }
  std::stable_sort(functions_.begin(), functions_.end(), [](const Function& a, const Function& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::vector<uint32_t> around;
  for (uint32_t i = 0; i < functions_.size(); ++i) {
    while (!around.empty() && functions_[around.back()].end <= functions_[i].begin) {
      around.pop_back();
    }
    functions_[i].around = around.empty() ? kNone : around.back();
    around.push_back(i);
  }
}

std::optional<uint32_t> ScriptText::function_from(uint32_t offset) const {
  const auto next = std::lower_bound(functions_.begin(), functions_.end(), offset,
                                     [](const Function& f, uint32_t at) { return f.begin < at; });
  if (next == functions_.end() || next->begin != offset) return std::nullopt;
  return static_cast<uint32_t>(next - functions_.begin());
}

std::optional<uint32_t> ScriptText::function_at(uint32_t offset) const {
  const auto next = std::upper_bound(functions_.begin(), functions_.end(), offset,
                                     [](uint32_t at, const Function& f) { return at < f.begin; });
  if (next == functions_.begin()) return std::nullopt;
  auto function = static_cast<uint32_t>(next - functions_.begin() - 1);
  while (function != kNone && functions_[function].end <= offset) {
    function = functions_[function].around;
  }
  return function == kNone ? std::nullopt : std::optional(function);
}

ScriptText::LineColumn ScriptText::place_of(uint32_t offset) const {
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const auto line = static_cast<uint32_t>(next - lines_.begin());
  return {line, offset - lines_[line - 1] + 1};
}

bool ScriptText::stands_in(uint64_t offset, uint32_t line, uint32_t column) const {
  if (offset >= end_) return false;
  auto around = function_at(static_cast<uint32_t>(offset)).value_or(kNone);
  for (; around != kNone; around = functions_[around].around) {
    const LineColumn begin = place_of(functions_[around].begin);
    if (begin.line == line && (column == 0 || begin.column == column)) return true;
  }
  return line == 1 && column <= 1;
}

uint32_t ScriptText::column_of(uint64_t offset, uint32_t line) const {
  if (offset >= end_) return 0;
  auto around = function_at(static_cast<uint32_t>(offset)).value_or(kNone);
  for (; around != kNone; around = functions_[around].around) {
    const LineColumn begin = place_of(functions_[around].begin);
    if (begin.line == line) return begin.column;
  }
  return 0;
}

bool ScriptText::mentions(uint32_t function, std::string_view word) const {
  if (word.empty()) return false;
  const Function& where = functions_[function];
  // All of a program may stand in one function, which tells nothing.
  constexpr size_t kLongest = size_t{256} << 10;
  if (where.text_end - where.text_begin > kLongest) return false;
  const std::string_view text =
      std::string_view(text_).substr(where.text_begin, where.text_end - where.text_begin);
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool alone =
        (at == 0 || !is_of_word(text[at - 1])) && (end == text.size() || !is_of_word(text[end]));
    if (alone) return true;
  }
  return false;
}

bool ScriptText::is_within(uint32_t inner, uint32_t outer) const {
  while (inner != kNone && inner != outer) inner = functions_[inner].around;
  return inner == outer;
}

}  // namespace silt::symbolize
