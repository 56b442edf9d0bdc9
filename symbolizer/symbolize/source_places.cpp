// SPDX-License-Identifier: Apache-2.0
//
// See the header. V8 tells where a function's parameters begin. The name that a minifier has taken
// stands a little before, and the map has the old one for just that piece.

#include "symbolizer/symbolize/source_places.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/symbolize/jit_name.h"
#include "symbolizer/symbolize/source_map.h"

namespace silt::symbolize {
namespace {

constexpr std::string_view kMark = "sourceMappingURL=";
// From a function's name to its parameters: `name=async function(`, `name: (`.
constexpr size_t kFromName = 64;
// A recording that names ever new files makes nobody read them all.
constexpr size_t kMostFiles = 1000;

int base64_digit(char c) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t at = kDigits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string decode_base64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>(bits >> have & 0xff);
  }
  return bytes;
}

// The last `//# sourceMappingURL=` of a text that begins a comment.
std::string_view map_url(std::string_view text) {
  for (size_t at = text.rfind(kMark); at != std::string_view::npos && at >= 4;
       at = text.rfind(kMark, at - 1)) {
    const std::string_view before = text.substr(at - 4, 4);
    if (before != "//# " && before != "//@ ") continue;
    const std::string_view url = text.substr(at + kMark.size());
    return url.substr(0, url.find_first_of(" \t\r\n'\""));
  }
  return {};
}

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// Where the name stands, as a word of its own, at most so far before the end of `text`.
std::optional<size_t> name_before(std::string_view text, std::string_view name) {
  const size_t least = text.size() > kFromName ? text.size() - kFromName : 0;
  for (size_t at = text.rfind(name); at != std::string_view::npos && at >= least;
       at = text.rfind(name, at - 1)) {
    const size_t end = at + name.size();
    const bool alone =
        (at == 0 || !is_of_name(text[at - 1])) && (end == text.size() || !is_of_name(text[end]));
    if (alone) return at;
    if (at == 0) break;
  }
  return std::nullopt;
}

// UTF-16 units of UTF-8 bytes.
uint32_t units_of(std::string_view bytes) {
  uint32_t units = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

size_t bytes_of_units(std::string_view line, uint32_t units) {
  size_t at = 0;
  while (at < line.size() && units > 0) {
    const auto byte = static_cast<unsigned char>(line[at]);
    const uint32_t here = byte >= 0xf0 ? 2 : 1;
    if (here > units) break;
    units -= here;
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

std::string path_of_source(const std::string& map_folder, std::string_view source) {
  if (source.starts_with("file://")) return path_of_url(source);
  const bool url = source.find("://") != std::string_view::npos;
  if (url || source.starts_with('/')) return std::string(source);
  return (std::filesystem::path(map_folder) / source).lexically_normal().string();
}

}  // namespace

struct SourcePlaces::File {
  std::string text;
  std::string folder;  // against which the map's sources are named
  std::optional<SourceMap> map;

  // Counts from 0.
  std::string_view line(uint32_t number) const {
    size_t begin = 0;
    for (; number > 0 && begin != std::string::npos; --number) {
      begin = text.find('\n', begin);
      if (begin != std::string::npos) ++begin;
    }
    if (begin == std::string::npos) return {};
    return std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  }
};

SourcePlaces::SourcePlaces() = default;
SourcePlaces::~SourcePlaces() = default;

const SourcePlaces::File& SourcePlaces::open(const std::string& path,
                                             const std::function<void(std::string)>& note) {
  std::unique_ptr<File>& slot = files_[path];
  if (slot) return *slot;
  slot = std::make_unique<File>();
  File& file = *slot;
  Result<std::string> text = read_text_file(path);
  if (!text) return file;
  const std::string_view url = map_url(*text);
  if (url.empty()) return file;
  file.folder = std::filesystem::path(path).parent_path().string();
  const auto cannot_use = [&](const std::string& what, const std::string& why) {
    note("places in " + in_quotes(path) + " are those of the generated file: " + what + ": " + why);
  };
  std::string json;
  if (url.starts_with("data:")) {
    const size_t comma = url.find(',');
    if (comma == std::string_view::npos || url.substr(0, comma).find("base64") == url.npos) {
      cannot_use("its source map", "only base64 is understood");
      return file;
    }
    json = decode_base64(url.substr(comma + 1));
  } else if (url.find("://") == std::string_view::npos) {
    const std::string map_path =
        path_of_source(file.folder, path_of_url("file://" + std::string(url)));
    Result<std::string> read = read_text_file(map_path);
    if (!read) {
      cannot_use(in_quotes(map_path), read.error().message);
      return file;
    }
    json = std::move(*read);
    file.folder = std::filesystem::path(map_path).parent_path().string();
  } else {
    return file;
  }
  Result<SourceMap> map = SourceMap::parse(MemorySource(json));
  if (!map) {
    cannot_use("its source map", map.error().message);
    return file;
  }
  file.map.emplace(std::move(*map));
  file.text = std::move(*text);
  return file;
}

void SourcePlaces::put_source(Frame& frame, const std::function<void(std::string)>& note) {
  const bool known = frame.kind == FrameKind::kJavaScript && frame.line > 0 && frame.column > 0;
  if (!known || !frame.file.starts_with('/')) return;
  if (files_.size() >= kMostFiles && files_.find(frame.file) == files_.end()) return;
  const File& file = open(frame.file, note);
  if (!file.map) return;
  const uint32_t line = frame.line - 1;
  const auto origin = file.map->find(line, frame.column - 1);
  if (!origin) return;
  frame.generated =
      frame.file + ":" + std::to_string(frame.line) + ":" + std::to_string(frame.column);
  const std::string_view text = file.line(line);
  const std::string_view before = text.substr(0, bytes_of_units(text, frame.column - 1));
  // `Store.load`, as V8 calls what it has seen assigned to a property.
  const std::string_view name =
      std::string_view(frame.function).substr(frame.function.rfind('.') + 1);
  if (const auto at = name.empty() ? std::nullopt : name_before(before, name)) {
    const uint32_t column = units_of(before.substr(0, *at));
    const auto named = file.map->find(line, column);
    if (named && named->generated_column == column && !named->name.empty()) {
      frame.function = named->name;
    }
  }
  if (frame.call_line != 0) {
    const auto call = file.map->find(frame.call_line - 1, frame.call_column - 1);
    const bool same = call && call->source == origin->source;
    frame.call_line = same ? call->line + 1 : 0;
    frame.call_column = same ? call->column + 1 : 0;
  }
  frame.line = origin->line + 1;
  frame.column = origin->column + 1;
  frame.file = path_of_source(file.folder, origin->source);
}

}  // namespace silt::symbolize
