// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/engine.h"

#include <algorithm>
#include <array>

namespace silt::runtime::nodejs {
namespace {

using report::Origin;
using report::OwnWork;
using symbolize::Frame;

constexpr std::string_view kHeap = "v8::internal::Heap";
constexpr std::string_view kCompiler = "v8::internal::compiler";
// Compiled WebAssembly, tables of the trap handler, of handles and of remembered slots.
constexpr std::string_view kBooks = "v8::internal's books";
constexpr std::string_view kProfiler = "v8::internal::SamplingHeapProfiler";

// The last messages of the console, which V8 keeps for debuggers, a thousand at most.
constexpr std::string_view kInspector = "v8_inspector::";

constexpr std::array<std::string_view, 6> kOfCollector = {
    "v8::internal::Heap::",   "v8::internal::MemoryAllocator::", "v8::internal::MarkCompact",
    "v8::internal::Scavenge", "v8::internal::ConcurrentMarking", "v8::internal::Sweeper"};
constexpr std::array<std::string_view, 4> kOfCompiler = {
    "v8::internal::compiler::", "v8::internal::OptimizingCompile",
    "v8::internal::baseline::", "v8::internal::maglev::"};
constexpr std::array<std::string_view, 9> kOfBooks = {
    "v8::internal::wasm::",           "v8::internal::trap_handler::",
    "v8::internal::GlobalHandles",    "v8::internal::TracedHandles",
    "v8::internal::EternalHandles",   "v8::internal::HandleScope",
    "v8::internal::SlotSet",          "v8::internal::PossiblyEmptyBuckets",
    "v8::internal::PersistentHandles"};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [text](std::string_view head) { return text.starts_with(head); });
}

}  // namespace

Origin origin_of(const Frame& frame) {
  const std::string_view file = frame.file;
  if (file.starts_with("node:") || file.starts_with("internal/")) return Origin::kRuntime;
  // Programs written in Python bring node and scripts for it in their packages.
  if (contains(file, "/node_modules/") || contains(file, "/site-packages/") ||
      contains(file, "/dist-packages/") || contains(file, "/lib/python3")) {
    return Origin::kLibrary;
  }
  // V8's builtins (`push`, "Builtin:ArrayMap") are in no file.
  return file.empty() && frame.line == 0 ? Origin::kRuntime : Origin::kUser;
}

bool is_buffer_allocator(const Frame& frame) {
  return frame.file == "node:buffer" || frame.file == "node:internal/buffer";
}

std::string_view own_work(const Frame& frame) {
  const std::string_view name = frame.function;
  if (report::plain_name(name).starts_with(kInspector)) return kBooks;
  if (!contains(name, "v8::internal::")) return "";
  // Memory of Buffers, which the heap hands on.
  if (contains(name, "AllocateExternalBackingStore")) return "";
  if (contains(name, kProfiler)) return kProfiler;
  if (starts_with_any(report::plain_name(name), kOfBooks)) return kBooks;
  if (starts_with_any(name, kOfCollector)) return kHeap;
  if (starts_with_any(name, kOfCompiler) || contains(name, "CompileOptimized")) return kCompiler;
  return "";
}

OwnWork work_of(std::string_view site) {
  if (site == kHeap || site == kCompiler) return OwnWork::kCollecting;
  if (site == kBooks) return OwnWork::kBooks;
  return site == kProfiler ? OwnWork::kProfiling : OwnWork::kNone;
}

bool was_in(const read::Recording& recording) {
  for (const read::Snapshot& snapshot : recording.snapshots) {
    for (const read::Snapshot::Runtime& runtime : snapshot.runtimes) {
      if (runtime.name == "nodejs") return true;
    }
  }
  // Recordings of format version 1 name no runtime that was not joined, nor does any with
  // SILT_NODE=off: there the program itself tells.
  return std::any_of(recording.modules.begin(), recording.modules.end(), [](const auto& module) {
    const std::string_view name = report::base_name(module.path);
    return (module.main && (name == "node" || name == "nodejs")) || name.starts_with("libnode.so");
  });
}

}  // namespace silt::runtime::nodejs
