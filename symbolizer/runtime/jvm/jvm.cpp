// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/jvm/jvm.h"

#include <algorithm>

#include "symbolizer/runtime/jvm/java_heap.h"

namespace silt::runtime {
namespace {

using report::Origin;
using report::OwnWork;
using symbolize::Frame;
using symbolize::FrameKind;

constexpr std::string_view kBooks = "the Java virtual machine's books";

// When all of a stack up to the Java code is the machine's own work.
std::string_view own_stack(const symbolize::FrameList& frames) {
  bool own = false;
  for (const Frame& frame : frames) {
    if (frame.kind != FrameKind::kNative) break;  // the Java code that was running
    if (report::origin_of(frame) == Origin::kAllocator) continue;
    const std::string_view module = report::base_name(frame.module);
    if (!module.starts_with("libjvm.so")) {
      if (report::is_runtime_library(module)) continue;
      return "";
    }
    // What Java code asks for by itself, such as memory of direct buffers, is no book.
    if (frame.function.starts_with("Unsafe_") || frame.function.starts_with("jni_")) return "";
    own = true;
  }
  return own ? kBooks : std::string_view();
}

OwnWork work_of(std::string_view site) { return site == kBooks ? OwnWork::kBooks : OwnWork::kNone; }

bool was_in(const read::Recording& recording) {
  return std::any_of(recording.modules.begin(), recording.modules.end(),
                     [](const read::Module& module) {
                       return module.path.find("libjvm.so") != std::string::npos;
                     });
}

}  // namespace

constexpr report::Runtime kJvm = {
    .name = "jvm",
    .was_in = was_in,
    .own_stack = own_stack,
    .work_of = work_of,
    .judge_wholes = jvm::judge_java_heap,
    .notes = jvm::java_heap_notes,
    .headline = jvm::java_headline,
    .subject = jvm::java_subject,
    .remark = jvm::java_remark,
};

}  // namespace silt::runtime
