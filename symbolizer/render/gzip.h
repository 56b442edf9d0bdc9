// SPDX-License-Identifier: Apache-2.0
//
// Bytes as a gzip file, without a name or a time inside, so that equal input gives equal output.

#ifndef SILT_SYMBOLIZER_RENDER_GZIP_H_
#define SILT_SYMBOLIZER_RENDER_GZIP_H_

#include <string>
#include <string_view>

namespace silt::render {

std::string gzip(std::string_view bytes);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_GZIP_H_
