// SPDX-License-Identifier: Apache-2.0
//
// In place of the bundled page, when the build had no npm.

#include "symbolizer/render/html_page.h"

namespace silt::render {

std::optional<HtmlPage> html_page() { return std::nullopt; }

}  // namespace silt::render
