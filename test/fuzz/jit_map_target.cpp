// SPDX-License-Identifier: Apache-2.0
//
// Any text as a JIT map, and each of its names as one of V8's, Python's or a mangled one; and as a
// script with functions in it.

#include <algorithm>
#include <cstdint>
#include <string>

#include "symbolizer/symbolize/demangle.h"
#include "symbolizer/symbolize/jit_map.h"
#include "symbolizer/symbolize/jit_name.h"
#include "symbolizer/symbolize/script_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const silt::symbolize::JitMap map(text);
  const silt::symbolize::ScriptText script(text);
  for (uint32_t i = 0; i < std::min<size_t>(script.functions().size(), 64); ++i) {
    script.mentions(i, script.functions()[i].name);
    script.is_within(i, 0);
  }
  for (uint64_t address = 0; address < 0x4000; address += 0x3f) {
    silt::symbolize::parse_jit_name(map.find(silt::MemoryAddress{address}));
    const auto entry = map.find_entry(silt::MemoryAddress{address}, static_cast<uint32_t>(address));
    if (!entry) continue;
    silt::symbolize::parse_jit_name(map.name(*entry));
    for (const auto& position : map.positions(*entry)) {
      script.function_at(static_cast<uint32_t>(position.script_offset));
      script.place_of(static_cast<uint32_t>(position.script_offset));
    }
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
