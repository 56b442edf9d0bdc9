// SPDX-License-Identifier: Apache-2.0
//
// Which silt this is, for formats that name the tool that wrote them.

#ifndef SILT_SYMBOLIZER_RENDER_VERSION_H_
#define SILT_SYMBOLIZER_RENDER_VERSION_H_

namespace silt::render {

// "1.2.3", of meson.build.
const char* tool_version();

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_VERSION_H_
