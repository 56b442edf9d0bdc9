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

// A pace in the unit that gives a handy figure.
std::string said_pace(double bytes_per_second) {
  if (bytes_per_second >= 50'000) return format_bytes(bytes_per_second) + "/s";
  if (bytes_per_second >= 50'000. / 60) return format_bytes(bytes_per_second * 60) + "/min";
  return format_bytes(bytes_per_second * 3600) + "/h";
}

std::string windows_grown(const analyze::Judgement& judgement) {
  if (judgement.windows == 0) return "";
  if (judgement.growing_windows == judgement.windows) {
    return ", grew in each of " + std::to_string(judgement.windows) + " windows";
  }
  return ", grew in " + std::to_string(judgement.growing_windows) + " of " +
         std::to_string(judgement.windows) + " windows";
}

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

std::string native_thing(const std::string& what) {
  if (what == kBuffers) return what;
  return what.empty() ? "native memory" : "native memory (" + what + ")";
}

std::string said_place(const Frame& site) {
  std::string name = plain_name(site.function);
  if (name.empty()) name = site.function.empty() ? "?" : site.function;
  const std::string place = base_name(place_of(site));
  return "`" + name + "`" + (place.empty() ? "" : " (" + place + ")");
}

std::string heap_snapshot_note(double heap_used_bytes) {
  // Bytes that V8 takes to write one, for each of the heap: nine to fourteen were measured.
  constexpr double kMemory = 14;
  return "sampling tells who allocated these objects, not who keeps them; two heap snapshots do: "
         "'silt heapsnapshot PID' while it runs, again when it has grown, then 'silt report' of "
         "both; a copy of the process writes them, which for this heap of " +
         format_bytes(heap_used_bytes) + " takes up to " + format_bytes(heap_used_bytes * kMemory) +
         " beside";
}

void say(Group& group, bool heap_flat) {
  const analyze::Judgement& judgement = group.judgement;
  const bool script = group.heap == read::Heap::kManaged;
  const bool leak = judgement.verdict == Verdict::kLeak;
  const std::string thing = script ? "JS objects" : native_thing(group.what);
  const bool buffers = group.what == kBuffers;
  const bool by_script = group.site.kind == FrameKind::kJavaScript;
  const std::string relation = script || buffers ? " kept by" : by_script ? " below" : " of";
  const std::string place = said_place(group.site);
  std::string& headline = group.headline;
  if (judgement.verdict == Verdict::kBounded || judgement.verdict == Verdict::kSawtooth) {
    const auto& bytes = group.sum.bytes;
    const double peak = bytes.empty() ? 0 : *std::max_element(bytes.begin(), bytes.end());
    headline =
        "not a leak: " + thing + " of " + place +
        (judgement.verdict == Verdict::kBounded ? ": full at " : ": released in bulk from ") +
        format_bytes(peak);
  } else {
    const std::string pace =
        judgement.bytes_per_second > 0 ? said_pace(judgement.bytes_per_second) : "";
    if (script) {
      headline = std::string(leak ? "JS heap leak: " : "JS heap grows: ") + place + " keeps " +
                 (pace.empty() ? "more and more" : pace) + windows_grown(judgement);
    } else if (buffers) {
      headline =
          "Buffers kept by " + place + (pace.empty() ? "" : ": " + pace) + windows_grown(judgement);
    } else {
      headline = std::string(leak ? "native leak" : "native memory grows") +
                 (by_script ? " below " : " in ") + place +
                 (group.what.empty() ? "" : " [" + group.what + "]") +
                 (pace.empty() ? "" : ": " + pace) + windows_grown(judgement);
    }
    if (!script && heap_flat) headline += ", while your JS heap is flat";
  }
  group.what = thing + relation;
}

}  // namespace silt::report
