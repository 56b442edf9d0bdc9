// SPDX-License-Identifier: Apache-2.0
//
// How lines of a screen are put together: columns of figures, and colours around text that has been
// cut before, since escape sequences take no room. Colour repeats what words say.

#ifndef SILT_SYMBOLIZER_TOP_PAINT_H_
#define SILT_SYMBOLIZER_TOP_PAINT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "symbolizer/top/view.h"

namespace silt::top {

constexpr const char* kPlain = "";
constexpr const char* kBold = "\033[1m";
constexpr const char* kDim = "\033[2m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kYellow = "\033[33m";
constexpr const char* kInverse = "\033[7m";

// Text at the right, or at the left, of a column so wide; longer text stays whole.
std::string at_right(const std::string& text, size_t width);
std::string at_left(const std::string& text, size_t width);

class Lines {
 public:
  explicit Lines(const View& view) : view_(view) {}

  void add(const std::string& text, const char* paint = kPlain);
  size_t size() const { return lines_.size(); }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  const View& view_;
  std::vector<std::string> lines_;
};

// One line that tells keys, those that matter most first and whole ones only.
std::string keys_text(const std::vector<std::string>& keys, size_t width);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_PAINT_H_
