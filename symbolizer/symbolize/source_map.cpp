// SPDX-License-Identifier: Apache-2.0
//
// See the header. `mappings` holds lines between ';' and pieces between ',', each of one, four or
// five numbers in base 64 with their sign in the lowest bit: differences to the piece before.

#include "symbolizer/symbolize/source_map.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "symbolizer/base/json_stream.h"

namespace silt::symbolize {
namespace {

constexpr size_t kLongestText = 4096;
constexpr size_t kMostTexts = 1 << 20;
constexpr size_t kMostPieces = size_t{1} << 24;

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Takes a number off the front; false when there is none that fits.
bool take_number(std::string_view& text, int64_t& number) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift <= 30; shift += 5) {
    const int digit = text.empty() ? -1 : base64_value(text.front());
    if (digit < 0) return false;
    text.remove_prefix(1);
    value |= static_cast<uint64_t>(digit & 31) << shift;
    if ((digit & 32) != 0) continue;
    const auto half = static_cast<int64_t>(value >> 1);
    number = (value & 1) != 0 ? -half : half;
    return true;
  }
  return false;
}

bool is_index(int64_t value, size_t size) {
  return value >= 0 && static_cast<uint64_t>(value) < size;
}

bool read_texts(JsonStream& json, std::vector<std::string>& texts) {
  if (!json.take('[')) return false;
  for (bool first = true; json.more(']', first);) {
    if (texts.size() == kMostTexts) return json.fail("too many texts");
    std::string& text = texts.emplace_back();
    if (json.peek() == '"' ? !json.read_string(text, kLongestText) : !json.skip_value())
      return false;
  }
  return json.ok();
}

}  // namespace

Result<SourceMap> SourceMap::parse(const ByteSource& source) {
  JsonStream json(source);
  SourceMap map;
  std::string root;
  std::string mappings;
  json.take('{');
  for (bool first = true; json.ok() && json.more('}', first);) {
    std::string key;
    if (!json.read_string(key, 32) || !json.take(':')) break;
    if (key == "sources") {
      read_texts(json, map.sources_);
    } else if (key == "names") {
      read_texts(json, map.names_);
    } else if (key == "sourceRoot" && json.peek() == '"') {
      json.read_string(root, kLongestText);
    } else if (key == "mappings") {
      json.read_string(mappings, source.size());
    } else {
      json.skip_value();
    }
  }
  if (!json.ok()) return json.error();
  if (!root.empty()) {
    if (root.back() != '/') root += '/';
    for (std::string& text : map.sources_) text.insert(0, root);
  }
  if (!map.decode(mappings)) return Error{"its mappings are not a list of places"};
  return map;
}

bool SourceMap::decode(std::string_view mappings) {
  // Column in the line, source, line and column there, name.
  std::array<int64_t, 5> at{};
  uint32_t line = 0;
  while (!mappings.empty()) {
    const char c = mappings.front();
    if (c == ';' || c == ',') {
      mappings.remove_prefix(1);
      if (c == ';') {
        ++line;
        at[0] = 0;
      }
      continue;
    }
    size_t count = 0;
    for (; count < at.size() && !mappings.empty(); ++count) {
      if (mappings.front() == ',' || mappings.front() == ';') break;
      int64_t difference = 0;
      if (!take_number(mappings, difference)) return false;
      at[count] += difference;
    }
    if (count != 1 && count != 4 && count != 5) return false;
    if (!is_index(at[0], kNone) || pieces_.size() == kMostPieces) return false;
    Piece piece{line, static_cast<uint32_t>(at[0]), kNone, 0, 0, kNone};
    if (count >= 4) {
      if (!is_index(at[1], sources_.size()) || !is_index(at[2], kNone) || !is_index(at[3], kNone)) {
        return false;
      }
      piece.source = static_cast<uint32_t>(at[1]);
      piece.source_line = static_cast<uint32_t>(at[2]);
      piece.source_column = static_cast<uint32_t>(at[3]);
    }
    if (count == 5) {
      if (!is_index(at[4], names_.size())) return false;
      piece.name = static_cast<uint32_t>(at[4]);
    }
    pieces_.push_back(piece);
  }
  std::stable_sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return true;
}

std::optional<SourceMap::Origin> SourceMap::find(uint32_t line, uint32_t column) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), std::pair(line, column),
                                      [](const std::pair<uint32_t, uint32_t>& at, const Piece& p) {
                                        return at < std::pair(p.line, p.column);
                                      });
  if (after == pieces_.begin()) return std::nullopt;
  const Piece& piece = *(after - 1);
  if (piece.line != line || piece.source == kNone) return std::nullopt;
  return Origin{piece.column, piece.source_line, piece.source_column, sources_[piece.source],
                piece.name == kNone ? std::string_view() : std::string_view(names_[piece.name])};
}

}  // namespace silt::symbolize
