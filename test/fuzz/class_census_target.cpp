// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a Java virtual machine answers, and as what a recording says of looks at its
// classes. What is let through is written and read again, and stays the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/process/class_histogram.h"
#include "symbolizer/process/jvm_attach.h"
#include "symbolizer/read/class_census.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_same(const silt::read::ClassCensus& census) {
  using namespace silt;
  const std::string written = read::class_census_text(census);
  const auto again = read::parse_class_census(MemorySource(written));
  require(again.ok());
  require(read::class_census_text(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace silt;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto answer = process::attach_answer(text)) {
    if (auto histogram = process::parse_class_histogram(*answer)) {
      read::ClassCensus census;
      read::CensusLook look;
      look.bytes = histogram->bytes;
      look.classes = std::move(histogram->classes);
      read::add_look(census, look);
      require_same(census);
    }
  }
  const auto census = read::parse_class_census(MemorySource(text));
  if (!census) {
    require(!census.error().message.empty());
    require(census.error().message.find('\n') == std::string::npos);
    return 0;
  }
  require_same(*census);
  return 0;
}
