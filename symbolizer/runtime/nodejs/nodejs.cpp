// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/nodejs.h"

#include <array>

#include "symbolizer/runtime/nodejs/callerless.h"
#include "symbolizer/runtime/nodejs/engine.h"
#include "symbolizer/runtime/nodejs/heap_owners.h"
#include "symbolizer/runtime/nodejs/recompiled.h"
#include "symbolizer/runtime/nodejs/settle.h"
#include "symbolizer/runtime/nodejs/whole_heap.h"
#include "symbolizer/runtime/nodejs/words.h"

namespace silt::runtime {
namespace {

constexpr std::array<std::string_view, 2> kNodejsPrograms = {"nodejs", "node"};
constexpr std::array<std::string_view, 3> kNodejsLibraries = {"libnode.so", "libuv.so", "libv8"};
constexpr std::array<std::string_view, 5> kNodejsFunctions = {"v8::", "node::", "uv_", "uv__",
                                                              "Builtins_"};
constexpr symbolize::FunctionInModule kHeapProfiler = {
    "_ZN2v88internal20SamplingHeapProfiler12SampleObjectEmm", kNodejsLibraries[0]};

void settle_nodejs(const report::Settling& input, std::vector<report::Group>& groups) {
  if (!input.managed_timeline.regular.empty() && !input.recording.has_heaps_of_another("nodejs")) {
    nodejs::settle_joined(input, groups);
  } else if (nodejs::was_in(input.recording)) {
    nodejs::settle_unjoined(groups);
  }
}

}  // namespace

constexpr report::Runtime kNodejs = {.name = "nodejs",
                                     .was_in = nodejs::was_in,
                                     .kind = symbolize::FrameKind::kJavaScript,
                                     .kind_word = "js",
                                     .programs = kNodejsPrograms,
                                     .libraries = kNodejsLibraries,
                                     .functions = kNodejsFunctions,
                                     .origin_of = nodejs::origin_of,
                                     .is_allocator = nodejs::is_buffer_allocator,
                                     .own_work = nodejs::own_work,
                                     .work_of = nodejs::work_of,
                                     .join_places = nodejs::join_recompiled,
                                     .settle = settle_nodejs,
                                     .judge_wholes = nodejs::judge_heaps,
                                     .heap_profiler = kHeapProfiler,
                                     .lists_heap = true,
                                     .add_owners = nodejs::add_heap_owners,
                                     .notes = nodejs::notes,
                                     .headline = nodejs::headline,
                                     .before_site = nodejs::before_site,
                                     .subject = nodejs::subject,
                                     .remark = nodejs::remark};

}  // namespace silt::runtime
