// SPDX-License-Identifier: Apache-2.0
//
// Whose code is a frame? Lists of names and folders tell allocators, runtimes and libraries from
// the user's own code; what is particular to a runtime comes from its description (runtime.h).

#ifndef SILT_SYMBOLIZER_REPORT_ORIGIN_H_
#define SILT_SYMBOLIZER_REPORT_ORIGIN_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

struct Runtime;

// Ascending: how well a frame answers "where in my program?".
enum class Origin : uint8_t {
  kAllocator,  // malloc, operator new, silt's own hooks: folded away at the top of a stack
  kRuntime,    // libc, the C++ and Rust standard libraries, interpreters and what they bring
  kWrapper,    // the user's own xmalloc and the like
  kLibrary,    // other people's code: system libraries, packages
  kUser,
};

Origin origin_of(const symbolize::Frame& frame, std::span<const std::string> look_through = {});

// Of a module's file name: whether it is part of a language's or the system's runtime.
bool is_runtime_library(std::string_view module);

// Of a module's file name: whether it is of a runtime that can list all objects of its heap.
bool lists_a_heap(std::string_view module);

// Whether a native frame between functions of the runtime tells nothing: the runtime's own code, or
// what starts a program or thread.
bool is_frame_within(const Runtime& runtime, const symbolize::Frame& frame);

// The qualified name without return type, template arguments and parameters: "Table::add".
std::string plain_name(std::string_view function);

// "app.js" of "/srv/app.js"
std::string_view base_name(std::string_view path);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_ORIGIN_H_
