// SPDX-License-Identifier: Apache-2.0
//
// Whose code is a frame? The site of a stack is its innermost frame in the user's own code, so that
// neither `malloc` nor `std::map::emplace` hides the function that asked for the memory.

#ifndef SILT_SYMBOLIZER_REPORT_SITE_H_
#define SILT_SYMBOLIZER_REPORT_SITE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

// Ascending: how well a frame answers "where in my program?".
enum class Owner : uint8_t {
  kAllocator,  // malloc, operator new, silt's own hooks: folded away at the top of a stack
  kRuntime,    // libc, the C++ and Rust standard libraries, interpreters, V8, libuv
  kWrapper,    // the user's own xmalloc and the like
  kLibrary,    // other people's code: system libraries, node_modules, site-packages
  kUser,
};

Owner owner_of(const symbolize::Frame& frame, std::span<const std::string> look_through = {});

// V8's own work, which JavaScript sets off but does not ask for: "v8::internal::Heap" for its
// collector, "v8::internal::compiler", "v8::internal::SamplingHeapProfiler" for the profiler that
// silt starts; empty for any other native frame.
std::string_view engine_work(const symbolize::Frame& frame);
// Whether a site is the collector's or compiler's work, under the name that engine_work gives.
bool is_engine_site(const symbolize::Frame& site);
// Whether it is books of an engine, which are never a finding.
bool is_books_site(const symbolize::Frame& site);
// The name of a Java virtual machine's books, when all of a stack up to the Java code is its own
// work; empty for any other stack.
std::string_view virtual_machine_books(const symbolize::FrameList& frames);
// Whether it is the profiler's.
bool is_profiler_site(const symbolize::Frame& site);

// Whether a native frame between functions of a runtime tells nothing: the interpreter's own code,
// or what starts a program or thread.
bool is_interpreter_frame(const symbolize::Frame& frame);

// Index of the site among frames, innermost first: the innermost of the best owner, where a frame
// of JavaScript or Python beats the native frames below it. 0 when nothing is better.
size_t find_site(const symbolize::FrameList& frames,
                 std::span<const std::string> look_through = {});

// How many innermost frames belong to the allocator; never all of them.
size_t leading_allocator_frames(const symbolize::FrameList& frames);

// How many innermost frames do the work of an allocator that the program itself replaced: all below
// its outermost `malloc` or `operator new`. 0: nothing but the usual way from malloc to the kernel.
size_t inner_allocator_frames(const symbolize::FrameList& frames);

// The qualified name without return type, template arguments and parameters: "Table::add".
std::string plain_name(std::string_view function);

// Whether both are in one function, whatever the line.
bool same_function(const symbolize::Frame& a, const symbolize::Frame& b);

// A text that is equal for equal sites: the same line of the same function, or without a line the
// same call. Tiers of one JavaScript function are one site.
std::string site_key(const symbolize::Frame& frame);

// "file:line", "module+0x123" or "", whatever is known.
std::string place_of(const symbolize::Frame& frame);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_SITE_H_
