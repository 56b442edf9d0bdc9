// SPDX-License-Identifier: Apache-2.0
//
// Debug files from a debuginfod server. The client is a library that is opened when it is wanted:
// it brings a whole HTTP client. A static tool cannot open one, so it is linked with
// without_debuginfod.cpp in place of debuginfod.cpp.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_DEBUGINFOD_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_DEBUGINFOD_H_

#include <cstdint>
#include <vector>

namespace silt::symbolize {

// A descriptor of the file that a server named in DEBUGINFOD_URLS has for this build-id, or -1.
int fetch_from_server(const std::vector<uint8_t>& build_id);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_DEBUGINFOD_H_
