// SPDX-License-Identifier: Apache-2.0
//
// Known by the functions in its stack; see the header.

#include "symbolizer/runtime/nodejs/native_memory.h"

#include <array>
#include <string_view>

#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/report/site.h"

namespace silt::runtime::nodejs {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;

constexpr const char* kPool = "thread pool";

struct Sign {
  std::string_view part;  // of a function's name
  const char* what;
};
constexpr std::array<Sign, 13> kSigns = {{{"ArrayBufferAllocator", kBuffers},
                                          {"BackingStore", kBuffers},
                                          {"v8::ArrayBuffer::New", kBuffers},
                                          {"node::Buffer::", kBuffers},
                                          {"deflateInit", "zlib"},
                                          {"inflateInit", "zlib"},
                                          {"node::zlib::", "zlib"},
                                          {"BrotliEncoder", "brotli"},
                                          {"BrotliDecoder", "brotli"},
                                          {"SSL_", "TLS"},
                                          {"EVP_", "crypto"},
                                          {"sqlite3", "SQLite"},
                                          {"icu_", "Intl"}}};

}  // namespace

std::string what_it_is(const read::Recording& recording, const read::Stack& stack,
                       const report::NodeFrames& names) {
  if (stack.heap != read::Heap::kNative) return "";
  std::string what;
  bool script = false;
  bool pool = false;
  for (const read::NodeId node : read::StackNodes(recording, stack)) {
    for (const Frame& frame : names(node)) {
      script = script || frame.kind == FrameKind::kJavaScript;
      const std::string module(report::base_name(frame.module));
      if (what.empty() && module.ends_with(".node")) what = module;
      for (const Sign& sign : kSigns) {
        if (what.empty() && frame.function.find(sign.part) != std::string::npos) what = sign.what;
      }
      pool = pool || frame.function.starts_with("uv__work") ||
             frame.function.find("ThreadPoolWork") != std::string::npos ||
             frame.function == "worker" || frame.function.starts_with("uv__fs_work");
    }
  }
  return pool && !script ? kPool + (what.empty() ? std::string() : ", " + what) : what;
}

bool is_pool_memory(const std::string& what) { return what.starts_with(kPool); }

}  // namespace silt::runtime::nodejs
