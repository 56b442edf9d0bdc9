// SPDX-License-Identifier: Apache-2.0
//
// Whose code is a frame of a Node.js program, and what V8 does of its own accord: collecting,
// compiling and keeping books, which JavaScript sets off but does not ask for.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_ENGINE_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_ENGINE_H_

#include <string_view>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::nodejs {

// Of a frame of JavaScript.
report::Origin origin_of(const symbolize::Frame& frame);
// node's own malloc, for Buffers.
bool is_buffer_allocator(const symbolize::Frame& frame);

// "v8::internal::Heap" for the collector, "v8::internal::compiler", "v8::internal's books" for what
// grows with the engine's own state and is nobody's leak, "v8::internal::SamplingHeapProfiler" for
// the profiler that silt starts; empty for any other native frame.
std::string_view own_work(const symbolize::Frame& frame);
report::OwnWork work_of(std::string_view site);

// Whether the program was a Node.js.
bool was_in(const read::Recording& recording);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_ENGINE_H_
