// SPDX-License-Identifier: Apache-2.0
//
// Source lines; see the header.

#include "symbolizer/render/html_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "symbolizer/render/escape.h"

namespace silt::render {
namespace {

constexpr std::string_view kSuffixes[] = {
    "ada", "adb",   "ads", "asm", "c",   "c++", "cc",   "cjs", "cpp", "cu",  "cxx",
    "d",   "def",   "f",   "f90", "go",  "h",   "h++",  "hh",  "hpp", "hs",  "hxx",
    "i",   "ii",    "inc", "inl", "ipp", "js",  "jsx",  "l",   "ll",  "lua", "m",
    "mjs", "ml",    "mm",  "nim", "pas", "php", "pl",   "py",  "pyx", "rb",  "rs",
    "s",   "swift", "tcc", "tpp", "ts",  "tsx", "vala", "y",   "yy",  "zig"};

// The file's bytes, when it is a regular one of sensible size. Never waits: a FIFO of that name has
// no writer.
std::optional<std::string> regular_file(const std::string& path, time_t& modified) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  struct stat status {};
  std::optional<std::string> bytes;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
      status.st_size <= static_cast<off_t>(SourceReader::kMostFileBytes)) {
    bytes.emplace(static_cast<size_t>(status.st_size), '\0');
    size_t have = 0;
    while (have < bytes->size()) {
      const ssize_t got = ::read(fd, bytes->data() + have, bytes->size() - have);
      if (got <= 0) break;
      have += static_cast<size_t>(got);
    }
    bytes->resize(have);
    modified = status.st_mtime;
  }
  close(fd);
  return bytes;
}

std::string shown(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::string spaced;
  for (const char c : line.substr(0, SourceReader::kMostColumns * 4)) {
    if (c != '\t') {
      spaced += c;
      continue;
    }
    spaced.append(4 - spaced.size() % 4, ' ');
  }
  const std::string safe = clean(spaced);
  return columns(safe) > SourceReader::kMostColumns ? shortened(safe, SourceReader::kMostColumns)
                                                    : safe;
}

}  // namespace

bool is_source_name(const std::string& path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string::npos || dot == 0 || path[dot - 1] == '/') return false;
  std::string suffix = path.substr(dot + 1);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) != std::end(kSuffixes);
}

const SourceReader::File* SourceReader::open(const std::string& path) {
  const auto known = files_.find(path);
  if (known != files_.end()) return known->second ? &*known->second : nullptr;
  if (files_.size() >= kMostFiles) return nullptr;
  std::optional<File>& file = files_[path];
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos ||
      !is_source_name(path)) {
    return nullptr;
  }
  time_t modified = 0;
  const std::optional<std::string> bytes = regular_file(path, modified);
  if (!bytes || bytes->find('\0') != std::string::npos) return nullptr;
  file.emplace();
  file->modified = modified;
  for (size_t at = 0; at < bytes->size();) {
    const size_t end = std::min(bytes->find('\n', at), bytes->size());
    file->lines.push_back(bytes->substr(at, end - at));
    at = end + 1;
  }
  return &*file;
}

std::optional<Excerpt> SourceReader::around(const std::string& path, uint32_t line) {
  if (line == 0) return std::nullopt;
  const File* file = open(path);
  if (file == nullptr || line > file->lines.size()) return std::nullopt;
  Excerpt excerpt;
  excerpt.line = line;
  excerpt.first_line = line > kContext ? line - kContext : 1;
  excerpt.modified = file->modified;
  const size_t end = std::min<size_t>(file->lines.size(), size_t{line} + kContext);
  for (size_t i = excerpt.first_line - 1; i < end; ++i) {
    excerpt.lines.push_back(shown(file->lines[i]));
  }
  return excerpt;
}

}  // namespace silt::render
