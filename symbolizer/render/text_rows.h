// SPDX-License-Identifier: Apache-2.0
//
// Rows of a report for a terminal: text that is broken, shortened and set at two sides so that no
// row is wider than the terminal, unless everything is wanted in full.

#ifndef SILT_SYMBOLIZER_RENDER_TEXT_ROWS_H_
#define SILT_SYMBOLIZER_RENDER_TEXT_ROWS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "symbolizer/render/render.h"

namespace silt::render {

constexpr const char* kBold = "\033[1m";
constexpr const char* kDim = "\033[2m";
constexpr const char* kRed = "\033[1;31m";
constexpr const char* kYellow = "\033[1;33m";
constexpr const char* kGreen = "\033[32m";
constexpr const char* kReset = "\033[0m";

class TextRows {
 public:
  explicit TextRows(const TextOptions& options) : options_(options) {}

  // All rows so far; none are left.
  std::string take() { return std::move(out_); }

  std::string painted(const char* paint, const std::string& text) const;
  void line(const std::string& text);

  // Clean text, broken at spaces, each line after `indent`; the first one after `first`.
  void wrapped(std::string_view raw, const std::string& first, const std::string& indent,
               const char* paint = "");

  // `left` and, at the right edge or after two spaces, `right`, which is a place or a short text.
  // A place loses its folders first, then the left gives way, but not more than half of it.
  std::string two_sides(const std::string& indent, std::string left, std::string right) const;

 private:
  const TextOptions& options_;
  std::string out_;
};

// The file's name without its folders.
std::string bare_file(const std::string& place);

// The file with as many of its folders as fit whole.
std::string place_within(const std::string& place, size_t width);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_TEXT_ROWS_H_
