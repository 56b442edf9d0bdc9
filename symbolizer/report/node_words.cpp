// SPDX-License-Identifier: Apache-2.0
//
// Words for findings; see the header. Names come from the program: renderers escape them.

#include "symbolizer/report/node_words.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/parts.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Verdict;
using symbolize::Frame;
using symbolize::FrameKind;

constexpr const char* kBuffers = "Buffers";
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

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string what_it_is(const read::Recording& recording, const read::Stack& stack,
                       const NodeFrames& names) {
  if (stack.heap != read::Heap::kNative) return "";
  std::string what;
  bool script = false;
  bool pool = false;
  for (uint32_t node = stack.leaf; is_real(recording, node); node = recording.nodes[node].parent) {
    for (const Frame& frame : names(node)) {
      script = script || frame.kind == FrameKind::kJavaScript;
      const std::string module = base_name(frame.module);
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

std::string heap_snapshot_note(double heap_used_bytes) {
  // Measured: writing one takes 0.13 s and nine bytes of memory for each megabyte and byte.
  constexpr double kSecondsPerByte = 0.13e-6;
  constexpr double kMemory = 9;
  return "sampling tells who allocated these objects, not who keeps them; a heap snapshot does "
         "(v8.writeHeapSnapshot(), opened in Chrome's DevTools), at a pause of about " +
         format_duration(heap_used_bytes * kSecondsPerByte) + " and " +
         format_bytes(heap_used_bytes * kMemory) + " more memory with this heap of " +
         format_bytes(heap_used_bytes);
}

}  // namespace silt::report
