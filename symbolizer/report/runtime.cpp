// SPDX-License-Identifier: Apache-2.0
//
// Questions to all runtimes; see the header.

#include "symbolizer/report/runtime.h"

namespace silt::report {

const Runtime* find_runtime(std::string_view name) {
  for (const Runtime* runtime : runtimes()) {
    if (runtime->name == name) return runtime;
  }
  return nullptr;
}

const Runtime* find_runtime(symbolize::FrameKind kind) {
  if (kind == symbolize::FrameKind::kNative) return nullptr;
  for (const Runtime* runtime : runtimes()) {
    if (runtime->kind == kind) return runtime;
  }
  return nullptr;
}

bool boxes_values(symbolize::FrameKind kind) {
  const Runtime* const runtime = find_runtime(kind);
  return runtime != nullptr && runtime->boxes_values;
}

std::string_view own_work(const symbolize::Frame& frame) {
  if (find_runtime(frame.kind) != nullptr) return "";
  for (const Runtime* runtime : runtimes()) {
    if (runtime->own_work == nullptr) continue;
    const std::string_view site = runtime->own_work(frame);
    if (!site.empty()) return site;
  }
  return "";
}

std::string_view own_stack(const symbolize::FrameList& frames) {
  for (const Runtime* runtime : runtimes()) {
    if (runtime->own_stack == nullptr) continue;
    const std::string_view site = runtime->own_stack(frames);
    if (!site.empty()) return site;
  }
  return "";
}

OwnWork own_work_of(const symbolize::Frame& site) {
  // Such a site has a name alone.
  if (!site.module.empty() || !site.file.empty()) return OwnWork::kNone;
  for (const Runtime* runtime : runtimes()) {
    if (runtime->work_of == nullptr) continue;
    const OwnWork work = runtime->work_of(site.function);
    if (work != OwnWork::kNone) return work;
  }
  return OwnWork::kNone;
}

symbolize::FunctionInModule heap_profiler() {
  for (const Runtime* runtime : runtimes()) {
    if (!runtime->heap_profiler.linkage_name.empty()) return runtime->heap_profiler;
  }
  return {};
}

}  // namespace silt::report
