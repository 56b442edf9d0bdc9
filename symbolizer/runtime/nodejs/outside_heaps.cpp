// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/outside_heaps.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/report/findings/whole_sums.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/origin.h"

namespace silt::runtime::nodejs {
namespace {

using analyze::Curve;
using analyze::Judgement;
using analyze::WholeFloor;
using read::Heap;
using report::Lead;
using report::Origin;
using report::Remark;
using report::Subject;
using report::WholeInput;
using report::Wholes;

// V8's code pages and tables are outside its heaps as well.
constexpr WholeFloor kOutsideFloor{4 * 1024 * 1024, 0.1};

// From this version on V8 does not count memories of WebAssembly modules as external any more.
constexpr int kNotExternal = 25;
// What says the same must rise by this share of it.
constexpr double kAgrees = 0.5;

bool counts_as_external(const read::Recording& recording) {
  for (const read::Snapshot::Runtime& runtime : recording.snapshots.back().runtimes) {
    if (runtime.name != "nodejs") continue;
    const size_t digit = runtime.version.find_first_of("0123456789");
    return digit == std::string::npos || std::atoi(runtime.version.c_str() + digit) < kNotExternal;
  }
  return true;
}

// What lies outside is a difference of figures, and V8 keeps pages of its heaps that it has no use
// for. Real memory there makes V8's mappings larger, and V8 counts it as external.
bool is_really_outside(const WholeInput& input, double rise) {
  const auto rises = [&](const auto& figure) {
    const Curve curve = report::curve_of(
        input.timeline, [&](size_t snapshot) -> std::optional<double> { return figure(snapshot); });
    return curve.values.size() >= 2 && curve.values.back() - curve.values.front() >= kAgrees * rise;
  };
  const auto& snapshots = input.recording.snapshots;
  const auto mapped = [&](size_t snapshot) {
    const auto parts = report::memory_parts(snapshots[snapshot]);
    return parts ? static_cast<double>(parts->js_heap) : 0.0;
  };
  const auto external = [&](size_t snapshot) {
    double sum = 0;
    for (const format::ManagedHeapEntry& heap : snapshots[snapshot].managed_heaps) {
      sum +=
          static_cast<double>(heap.external_bytes) - static_cast<double>(heap.array_buffers_bytes);
    }
    return sum;
  };
  return rises(mapped) && (!counts_as_external(input.recording) || rises(external));
}

void add_outside(const WholeInput& input, Subject subject, const Curve& curve,
                 const Judgement& judgement, Wholes& wholes) {
  // Objects that stand for what modules keep are made where it is.
  std::vector<Lead> leads = report::find_leads(
      input, Heap::kManaged, [](const report::StackSummary& s) { return s.growth_bytes; });
  std::erase_if(leads, [&](const Lead& lead) {
    return report::origin_of(lead.site, input.options.look_through) != Origin::kUser;
  });
  wholes.findings.push_back(report::finding_of(input, "wasm", Heap::kManaged, subject, curve,
                                               judgement, leads,
                                               {{.kind = Remark::Kind::kOutside}}));
}

// Memories of WebAssembly modules. False: the recording does not tell them from V8's own.
bool judge_web_assembly(const WholeInput& input, Wholes& wholes) {
  bool told = true;
  const Curve curve =
      report::curve_of(input.timeline, [&](size_t snapshot) -> std::optional<double> {
        const auto parts = report::memory_parts(input.recording.snapshots[snapshot]);
        if (!parts) return std::nullopt;
        told = told && (parts->js_heap == 0 || parts->web_assembly);
        return static_cast<double>(parts->web_assembly.value_or(0));
      });
  if (!told) return false;
  const Judgement judgement = analyze::judge_whole(curve, kOutsideFloor);
  if (rises(judgement.verdict())) {
    add_outside(input, Subject::kWebAssembly, curve, judgement, wholes);
  }
  return true;
}

// What V8 has mapped outside its heaps: memories of WebAssembly modules, above all.
void judge_outside(const WholeInput& input, Wholes& wholes) {
  const Curve curve =
      report::curve_of(input.timeline, [&](size_t snapshot) -> std::optional<double> {
        const auto parts = report::memory_parts(input.recording.snapshots[snapshot]);
        if (!parts || parts->js_outside == 0) return std::nullopt;
        return static_cast<double>(parts->js_outside);
      });
  const Judgement judgement = analyze::judge_whole(curve, kOutsideFloor);
  if (!rises(judgement.verdict())) return;
  if (!is_really_outside(input, judgement.growth_bytes)) return;
  add_outside(input, Subject::kOutsideHeaps, curve, judgement, wholes);
}

}  // namespace

void judge_outside_heaps(const WholeInput& input, Wholes& wholes) {
  if (!judge_web_assembly(input, wholes)) judge_outside(input, wholes);
}

}  // namespace silt::runtime::nodejs
