// SPDX-License-Identifier: Apache-2.0
//
// A few lines around a frame, where the source is at hand. Paths come from debug information and
// JIT maps, that is from whoever made the recording, and the page may be published: only regular
// files whose names are those of source code are read, so that nobody gets a report to quote a key
// file.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_SOURCE_H_
#define SILT_SYMBOLIZER_RENDER_HTML_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace silt::render {

struct Excerpt {
  uint32_t first_line = 1;         // number of lines[0]
  uint32_t line = 1;               // the one that is meant
  std::vector<std::string> lines;  // clean, tabs as spaces
  time_t modified = 0;             // of the file
};

class SourceReader {
 public:
  static constexpr uint32_t kContext = 3;             // lines before and after
  static constexpr size_t kMostFileBytes = 8u << 20;  // larger ones are generated
  static constexpr size_t kMostColumns = 240;
  static constexpr size_t kMostFiles = 400;

  // Nothing when the path is not absolute, not that of a source file, not readable, or when the
  // file has no such line.
  std::optional<Excerpt> around(const std::string& path, uint32_t line);

 private:
  struct File {
    std::vector<std::string> lines;
    time_t modified = 0;
  };
  const File* open(const std::string& path);

  std::map<std::string, std::optional<File>> files_;
};

// Whether the name ends like that of a source file: "a.cpp", "b.js".
bool is_source_name(const std::string& path);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_SOURCE_H_
