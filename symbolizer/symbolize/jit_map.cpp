// SPDX-License-Identifier: Apache-2.0
//
// The entries are cut where any of them begins or ends, in one sweep over the addresses with a heap
// of the entries that are open; the latest open one owns each piece. n log n for any input.

#include "symbolizer/symbolize/jit_map.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <queue>
#include <utility>

#include "symbolizer/symbolize/jit_name.h"

namespace silt::symbolize {
namespace {

// Twice what silt itself writes down; with what is made of them, a fraction of a GiB of memory.
constexpr size_t kMostCode = size_t{4} << 20;

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
  sort_by_start();
  cut_into_pieces();
}

void JitMap::parse_line(size_t begin, size_t end) {
  const char* at = text_.data() + begin;
  const char* const line_end = text_.data() + end;
  constexpr std::string_view kNodes = "# nodes ";
  if (std::string_view(at, end - begin).starts_with(kNodes)) {
    uint32_t nodes = 0;
    const auto [stop, error] = std::from_chars(at + kNodes.size(), line_end, nodes);
    if (error != std::errc() || stop != line_end || nodes < nodes_) return;
    nodes_ = nodes;
    has_times_ = true;
    return;
  }
  constexpr std::string_view kPositions = "# positions ";
  if (std::string_view(at, end - begin).starts_with(kPositions)) {
    if (!entries_.empty()) entries_.back().positions_begin = begin + kPositions.size();
    return;
  }
  uint64_t start = 0, size = 0;
  if (!take_hex(at, line_end, start) || !take_hex(at, line_end, size)) return;
  if (at == line_end || size == 0 || size > UINT64_MAX - start) return;
  if (entries_.size() >= kMostCode) return;
  const auto name_begin = static_cast<size_t>(at - text_.data());
  const auto name_size = static_cast<uint32_t>(std::min<size_t>(end - name_begin, UINT32_MAX));
  entries_.push_back({start, start + size, name_begin, name_size, nodes_, 0});
}

void JitMap::sort_by_start() {
  order_.resize(entries_.size());
  for (uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
  std::sort(order_.begin(), order_.end(),
            [this](uint32_t a, uint32_t b) { return entries_[a].start < entries_[b].start; });
  if (!has_times_) return;
  const size_t leaves = std::bit_ceil(std::max<size_t>(order_.size(), 1));
  furthest_.assign(2 * leaves, 0);
  for (size_t i = 0; i < order_.size(); ++i) furthest_[leaves + i] = entries_[order_[i]].end;
  for (size_t i = leaves - 1; i > 0; --i) {
    furthest_[i] = std::max(furthest_[2 * i], furthest_[2 * i + 1]);
  }
}

// Visits the entries that cover the address, below a slot of the tree that stands for
// order_[begin..end); false when the visitor has had enough.
template <typename Visit>
bool JitMap::visit_covering(uint64_t address, size_t slot, size_t begin, size_t end,
                            Visit&& visit) const {
  if (begin >= order_.size() || furthest_[slot] <= address ||
      entries_[order_[begin]].start > address) {
    return true;
  }
  if (end - begin == 1) return visit(order_[begin]);
  const size_t middle = begin + (end - begin) / 2;
  return visit_covering(address, 2 * slot, begin, middle, visit) &&
         visit_covering(address, 2 * slot + 1, middle, end, visit);
}

std::optional<uint32_t> JitMap::find_entry(MemoryAddress memory_address, uint32_t birth) const {
  const uint64_t address = number_of(memory_address);
  const Piece* const latest = piece_at(address);
  if (latest == nullptr) return std::nullopt;
  if (!has_times_ || entries_[latest->entry].nodes <= birth) return latest->entry;
  constexpr size_t kMostReuses = 100000;
  size_t visited = 0;
  std::optional<uint32_t> first;
  std::optional<uint32_t> before;
  visit_covering(address, 1, 0, furthest_.size() / 2, [&](uint32_t entry) {
    if (!first || entry < *first) first = entry;
    if (entries_[entry].nodes <= birth && (!before || entry > *before)) before = entry;
    return ++visited < kMostReuses;
  });
  return before ? before : first;
}

std::string_view JitMap::name(uint32_t entry) const {
  return std::string_view(text_).substr(entries_[entry].name_begin, entries_[entry].name_size);
}

std::vector<JitMap::Position> JitMap::positions(uint32_t entry) const {
  const Entry* from = &entries_[entry];
  // Byte code of one name may be of several functions, and has its own wherever it is.
  const uint32_t kFarthest = is_interpreted(name(entry)) ? 0 : 20000;
  for (uint32_t back = 1; from->positions_begin == 0 && back <= std::min(entry, kFarthest);
       ++back) {
    const Entry& before = entries_[entry - back];
    const bool same = before.end - before.start == entries_[entry].end - entries_[entry].start &&
                      name(entry - back) == name(entry);
    if (same) from = &before;
  }
  std::vector<Position> positions;
  if (from->positions_begin == 0) return positions;
  const char* at = text_.data() + from->positions_begin;
  const char* const end = text_.data() + text_.find('\n', from->positions_begin);
  Position position{0, 0};
  while (at < end) {
    uint64_t code = 0, script = 0;
    const auto [sign, error] = std::from_chars(at, end, code, 16);
    if (error != std::errc()) break;
    if (sign == end) {
      positions.push_back({position.code_offset + code, kNowhere});
      break;
    }
    if (*sign != '+' && *sign != '-') break;
    const auto [stop, second] = std::from_chars(sign + 1, end, script, 16);
    if (second != std::errc()) break;
    position.code_offset += code;
    position.script_offset += *sign == '+' ? script : 0 - script;
    if (position.code_offset > from->end - from->start) break;
    positions.push_back(position);
    if (stop != end && *stop != ' ') break;
    at = stop == end ? end : stop + 1;
  }
  return positions;
}

void JitMap::cut_into_pieces() {
  const std::vector<uint32_t>& order = order_;
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

const JitMap::Piece* JitMap::piece_at(uint64_t address) const {
  auto next =
      std::upper_bound(pieces_.begin(), pieces_.end(), address,
                       [](uint64_t value, const Piece& piece) { return value < piece.start; });
  if (next == pieces_.begin()) return nullptr;
  const Piece& piece = *--next;
  return address < piece.end ? &piece : nullptr;
}

std::string_view JitMap::find(MemoryAddress memory_address) const {
  const uint64_t address = number_of(memory_address);
  const Piece* const piece = piece_at(address);
  return piece == nullptr ? std::string_view() : name(piece->entry);
}

}  // namespace silt::symbolize
