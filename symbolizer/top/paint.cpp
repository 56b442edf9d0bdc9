// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/paint.h"

#include "symbolizer/base/columns.h"
#include "symbolizer/render/escape.h"

namespace silt::top {
namespace {

constexpr const char* kReset = "\033[0m";

}  // namespace

std::string at_right(const std::string& text, size_t width) {
  const size_t used = columns(text);
  return used < width ? std::string(width - used, ' ') + text : text;
}

std::string at_left(const std::string& text, size_t width) {
  const size_t used = columns(text);
  return used < width ? text + std::string(width - used, ' ') : text;
}

void Lines::add(const std::string& text, const char* paint) {
  const std::string cut = render::shortened(text, view_.width);
  lines_.push_back(view_.colour && *paint != '\0' ? paint + cut + kReset : cut);
}

std::string keys_text(const std::vector<std::string>& keys, size_t width) {
  std::string text;
  for (const std::string& key : keys) {
    const std::string longer = text + (text.empty() ? "" : "  ") + key;
    if (columns(longer) > width) continue;
    text = longer;
  }
  return text;
}

}  // namespace silt::top
