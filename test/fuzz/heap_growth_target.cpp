// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a recording says of growth in heaps. What is let through is written and read
// again, and stays the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/read/heap_growth.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace silt;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto heaps = read::parse_heap_growth(MemorySource(text));
  if (!heaps) {
    require(!heaps.error().message.empty());
    require(heaps.error().message.find('\n') == std::string::npos);
    return 0;
  }
  const std::string written = read::heap_growth_text(*heaps);
  const auto again = read::parse_heap_growth(MemorySource(written));
  require(again.ok());
  require(read::heap_growth_text(*again) == written);
  return 0;
}
