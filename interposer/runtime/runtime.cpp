// SPDX-License-Identifier: Apache-2.0
//
// The list of runtimes, and what the snapshot layer is told of it. Normal context, but for what a
// snapshot calls.

#include "interposer/runtime/runtime.h"

#include "interposer/runtime/python/joining.h"
#include "interposer/snapshot/runtime_sections.h"

namespace silt::runtime {
namespace {

constexpr const Runtime* kRuntimes[] = {&python::runtime};

}  // namespace

void start_runtimes(const base::Options& options) {
  for (const Runtime* const runtime : kRuntimes) runtime->start(options);
  snapshot::runtime_sections.write = [](snapshot::SectionWriter& out, snapshot::Strings& strings,
                                        const format::HeapTotals& objects) {
    for (const Runtime* const runtime : kRuntimes) runtime->write(out, strings, objects);
  };
  snapshot::runtime_sections.leave_to_parent = [] {
    for (const Runtime* const runtime : kRuntimes) {
      if (runtime->leave_to_parent != nullptr) runtime->leave_to_parent();
    }
  };
}

}  // namespace silt::runtime
