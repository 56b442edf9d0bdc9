// SPDX-License-Identifier: Apache-2.0
//
// The page that the bundler made at build time, in two halves between which a report's data stand.
// There is none when the build had no npm.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_PAGE_H_
#define SILT_SYMBOLIZER_RENDER_HTML_PAGE_H_

#include <optional>
#include <string_view>

namespace silt::render {

struct HtmlPage {
  std::string_view before;
  std::string_view after;
};
std::optional<HtmlPage> html_page();

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_PAGE_H_
