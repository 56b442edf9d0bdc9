// SPDX-License-Identifier: Apache-2.0
//
// One frame of a stack as people read it.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_FRAME_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_FRAME_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "symbolizer/base/address.h"

namespace silt::symbolize {

enum class FrameKind : uint8_t { kNative, kJavaScript, kPython, kJit, kJava, kPhp };

// A function of the main program or of a library whose file's name begins so.
struct FunctionInModule {
  std::string_view linkage_name;
  std::string_view library;
};

// Absent values are empty, never invented.
struct Frame {
  std::string function;      // demangled, empty when unresolved
  std::string linkage_name;  // as in the symbol table, empty when unknown
  std::string file;          // source path as the debug information has it
  std::string folder;  // in which the compiler ran, if `file` is relative to it and it is known
  uint32_t line = 0;   // 0: unknown
  uint32_t column = 0;
  // Of JavaScript, where `line` is that on which the function begins: where in the function the
  // call stands. 0: unknown.
  uint32_t call_line = 0;
  uint32_t call_column = 0;
  // Where the code ran, `file:line:column`, when a source map told the place above; else empty.
  std::string generated;
  std::string module;    // path of the module, empty for JIT code
  std::string build_id;  // lower-case hexadecimal
  FileAddress file_address{};
  // Where the function begins in the module, by its unwind tables; known even without symbols,
  // which then group the calls of one function. 0: unknown.
  FileAddress function_address{};
  uint64_t pc = 0;  // return address in memory
  bool inlined = false;
  FrameKind kind = FrameKind::kNative;
  std::string unresolved;  // why there is no function name, empty when there is one
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_FRAME_H_
