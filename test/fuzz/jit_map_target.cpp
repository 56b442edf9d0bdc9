// SPDX-License-Identifier: Apache-2.0
//
// Any text as a JIT map, and each of its names as one of V8's, Python's or a mangled one.

#include <algorithm>
#include <cstdint>
#include <string>

#include "symbolizer/symbolize/demangle.h"
#include "symbolizer/symbolize/jit_map.h"
#include "symbolizer/symbolize/jit_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const silt::symbolize::JitMap map(text);
  for (uint64_t address = 0; address < 0x4000; address += 0x3f) {
    silt::symbolize::parse_jit_name(map.find(silt::MemoryAddress{address}));
    const auto entry = map.find_entry(silt::MemoryAddress{address}, static_cast<uint32_t>(address));
    if (entry) silt::symbolize::parse_jit_name(map.name(*entry));
  }
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    silt::symbolize::parse_jit_name(line);
    silt::symbolize::demangle(line.substr(0, 256));
    begin = end + 1;
  }
  return 0;
}
