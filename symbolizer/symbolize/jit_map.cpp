// SPDX-License-Identifier: Apache-2.0
//
// The entries are cut where any of them begins or ends, in one sweep over the addresses with a heap
// of the entries that are open; the latest open one owns each piece. n log n for any input.

#include "symbolizer/symbolize/jit_map.h"

#include <algorithm>
#include <charconv>
#include <queue>
#include <utility>

namespace silt::symbolize {
namespace {

bool take_hex(const char*& at, const char* end, uint64_t& value) {
  if (end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) at += 2;
  const auto [stop, error] = std::from_chars(at, end, value, 16);
  if (error != std::errc() || stop == end || *stop != ' ') return false;
  at = stop + 1;
  return true;
}

}  // namespace

JitMap::JitMap(std::string text) : text_(std::move(text)) {
  for (size_t begin = 0;;) {
    const size_t end = text_.find('\n', begin);
    if (end == std::string::npos) break;
    parse_line(begin, end);
    begin = end + 1;
  }
  cut_into_pieces();
}

void JitMap::parse_line(size_t begin, size_t end) {
  const char* at = text_.data() + begin;
  const char* const line_end = text_.data() + end;
  uint64_t start = 0, size = 0;
  if (!take_hex(at, line_end, start) || !take_hex(at, line_end, size)) return;
  if (at == line_end || size == 0 || size > UINT64_MAX - start) return;
  if (entries_.size() >= UINT32_MAX) return;
  const auto name_begin = static_cast<size_t>(at - text_.data());
  entries_.push_back({start, start + size, name_begin, end - name_begin});
}

void JitMap::cut_into_pieces() {
  std::vector<uint32_t> order(entries_.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [this](uint32_t a, uint32_t b) { return entries_[a].start < entries_[b].start; });
  std::priority_queue<uint32_t> open;  // latest entry on top
  uint64_t at = 0;
  size_t next = 0;
  while (next < order.size() || !open.empty()) {
    while (!open.empty() && entries_[open.top()].end <= at) open.pop();
    if (open.empty()) {
      if (next == order.size()) break;
      at = std::max(at, entries_[order[next]].start);
    }
    while (next < order.size() && entries_[order[next]].start <= at) open.push(order[next++]);
    while (!open.empty() && entries_[open.top()].end <= at) open.pop();
    if (open.empty()) continue;
    uint64_t end = entries_[open.top()].end;
    if (next < order.size()) end = std::min(end, entries_[order[next]].start);
    if (!pieces_.empty() && pieces_.back().entry == open.top() && pieces_.back().end == at) {
      pieces_.back().end = end;
    } else {
      pieces_.push_back({at, end, open.top()});
    }
    at = end;
  }
}

std::string_view JitMap::find(uint64_t address) const {
  auto next =
      std::upper_bound(pieces_.begin(), pieces_.end(), address,
                       [](uint64_t value, const Piece& piece) { return value < piece.start; });
  if (next == pieces_.begin()) return {};
  const Piece& piece = *--next;
  if (address >= piece.end) return {};
  const Entry& entry = entries_[piece.entry];
  return std::string_view(text_).substr(entry.name_begin, entry.name_size);
}

}  // namespace silt::symbolize
