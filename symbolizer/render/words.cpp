// SPDX-License-Identifier: Apache-2.0
//
// Shared phrases; see the header. All results may hold foreign text: callers escape.

#include "symbolizer/render/words.h"

#include <algorithm>
#include <array>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/shown_line.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::render {

using report::Finding;
using report::Report;
using report::Verdict;

std::string without_unnamed(std::string text) {
  constexpr std::string_view kUnnamed = "(anonymous namespace)::";
  for (size_t at = text.find(kUnnamed); at != std::string::npos; at = text.find(kUnnamed)) {
    text.erase(at, kUnnamed.size());
  }
  return text;
}

std::string heap_word(read::Heap heap) {
  switch (heap) {
    case read::Heap::kMapping:
      return "mapping";
    case read::Heap::kManaged:
      return "js";
    case read::Heap::kObjects:
      return "python";
    case read::Heap::kJava:
      return "java";
    case read::Heap::kNative:
      break;
  }
  return "native";
}

std::string kind_word(symbolize::FrameKind kind) {
  const report::Runtime* runtime = report::find_runtime(kind);
  if (runtime != nullptr) return std::string(runtime->kind_word);
  return kind == symbolize::FrameKind::kJit ? "jit" : "native";
}

std::string change_word(report::Change change) {
  switch (change) {
    case report::Change::kNew:
      return "new";
    case report::Change::kWorse:
      return "worse";
    case report::Change::kKnown:
      return "known";
    case report::Change::kNotCompared:
      break;
  }
  return "";
}

std::string function_text(const symbolize::Frame& frame) {
  const bool managed = report::find_runtime(frame.kind) != nullptr;
  // The tier of a function without a name is marked as well: "~", "*".
  if (managed && frame.function.find_first_not_of("~*^+ ") == std::string::npos) {
    return "(anonymous)";
  }
  if (!frame.function.empty()) return frame.function;
  const std::string place = report::place_of(frame);
  return place.empty() ? "?" : place;
}

std::string finding_name(const Finding& finding) {
  if (finding.whole.empty()) return function_text(finding.site);
  return std::string(whole_name(finding.whole)) + " as a whole";
}

std::string short_finding_name(const Finding& finding) {
  const std::string name = finding_name(finding);
  const std::string plain = finding.whole.empty() ? report::plain_name(name) : name;
  return plain.empty() ? name : plain;
}

std::string said_finding_name(const Finding& finding) {
  return without_unnamed(short_finding_name(finding));
}

std::string said_name(const std::string& function) {
  return without_unnamed(report::plain_name(function));
}

std::string place_text(const symbolize::Frame& frame) {
  if (frame.function.empty() && frame.file.empty()) return "";
  symbolize::Frame shown = frame;
  shown.line = shown_line(frame);
  shown.column = shown_column(frame);
  const std::string place = report::place_of(shown);
  if (frame.generated.empty()) return place;
  return place + " (" + std::string(report::base_name(frame.generated)) + ")";
}

size_t judged_count(const Report& report) {
  const size_t all = report.snapshots.size();
  return report.judged_snapshots >= 2 ? std::min(report.judged_snapshots, all) : all;
}

std::string pace_text(const Finding& finding) {
  std::string text;
  if (finding.bytes_per_hour && report::rises(finding.verdict)) {
    text = format_bytes_signed(*finding.bytes_per_hour) + "/h, ";
  }
  text += format_bytes_signed(static_cast<double>(finding.growth_bytes)) + " so far";
  if (finding.growth_blocks > 0) {
    text += " in " + format_counted(static_cast<double>(finding.growth_blocks), "block");
  }
  if (finding.bytes_per_work)
    text += ", " + format_bytes_signed(*finding.bytes_per_work) + " per unit of work";
  return text;
}

std::string limit_text(const Report& report, const Finding& finding) {
  if (!finding.seconds_to_limit) return "";
  return "reaches the limit of " + format_bytes(static_cast<double>(report.memory_limit_bytes)) +
         " in " + format_duration(*finding.seconds_to_limit);
}

std::string summary_text(const Report& report) {
  constexpr std::array kOrder = {Verdict::kLeak,     Verdict::kGrowing, Verdict::kBounded,
                                 Verdict::kSawtooth, Verdict::kSteady,  Verdict::kRetained};
  std::string text;
  for (const Verdict verdict : kOrder) {
    const auto count =
        std::count_if(report.findings.begin(), report.findings.end(),
                      [verdict](const Finding& finding) { return finding.verdict == verdict; });
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(count) + " " + verdict_word(verdict);
    if (verdict == Verdict::kLeak && count > 1) text += "s";
  }
  return text;
}

std::string none_found_text(const Report& report) {
  if (report.judged_snapshots < 2) return "a single snapshot shows what is in use, not what grows";
  for (const Finding& finding : report.findings) {
    if (!finding.whole.empty())
      return "no call site found that leaks, but " + headline_text(finding);
  }
  std::string text;
  if (report.detectable_blocks_per_hour) {
    text = "no leak found; detection limit: " + format_count(*report.detectable_blocks_per_hour) +
           " blocks/h from one call site";
  } else if (report.detectable_bytes_per_hour) {
    text = "no leak found; detection limit: " + format_bytes(*report.detectable_bytes_per_hour) +
           "/h from one call site";
  } else {
    return "too short to tell whether anything leaks";
  }
  // JavaScript heaps are sampled even where native memory is exact: their limit is another.
  if (report.detectable_script_bytes_per_hour) {
    text += ", " + format_bytes(*report.detectable_script_bytes_per_hour) +
            "/h from one function in the " + (report.has_java ? "Java" : "JavaScript") + " heap";
  }
  if (report.detectable_whole_bytes_per_hour) {
    text += ", " + format_bytes(*report.detectable_whole_bytes_per_hour) + "/h in total";
  }
  return text;
}

std::string scope_text(const Report& report) {
  std::string text = format_counted(static_cast<double>(report.snapshots.size()), "snapshot");
  if (report.snapshots.size() > 1) {
    text += " over " + format_duration(report.snapshots.back().elapsed_seconds -
                                       report.snapshots.front().elapsed_seconds);
  }
  return text + (report.sampling_interval_bytes == 0
                     ? ", exact"
                     : ", sampled every " +
                           format_bytes(static_cast<double>(report.sampling_interval_bytes)));
}

std::string missing_text(read::Missing missing) {
  switch (missing) {
    case read::Missing::kTruncated:
      return "outer frames cut at the frame limit";
    case read::Missing::kBroken:
      return "outer frames unknown: the walk could not go on";
    case read::Missing::kOverflow:
      return "stack not kept: a table was full";
    case read::Missing::kNone:
      break;
  }
  return "";
}

std::string sparkline(const std::vector<uint64_t>& values, size_t width) {
  constexpr std::array kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || width == 0) return "";
  const size_t count = std::min(values.size(), width);
  const uint64_t peak = *std::max_element(values.begin(), values.end());
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t value =
        values[count == 1 ? values.size() - 1 : i * (values.size() - 1) / (count - 1)];
    const size_t level =
        peak == 0 ? 0
                  : static_cast<size_t>(static_cast<double>(value) / static_cast<double>(peak) *
                                            (kBars.size() - 1) +
                                        0.5);
    text += kBars[level];
  }
  return text;
}

}  // namespace silt::render
