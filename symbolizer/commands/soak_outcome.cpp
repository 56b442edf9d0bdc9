// SPDX-License-Identifier: Apache-2.0
//
// The same rendering as `report` and `check`, once for each format that was asked for.

#include "symbolizer/commands/soak_outcome.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/output.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/formats.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::commands {
namespace {

std::string in_format(const report::Report& report, const char* format) {
  OutputOptions options;
  options.format = format;
  return rendered(report, options);
}

std::optional<Error> append_to_summary(const report::Report& report) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return std::nullopt;
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << in_format(report, "markdown") << '\n';
  file.close();
  if (!file) return Error{"cannot write to GITHUB_STEP_SUMMARY, " + in_quotes(path)};
  return std::nullopt;
}

std::string place_of(const report::Finding& finding) {
  const std::string name = render::clean(render::said_finding_name(finding));
  const std::string place = render::clean(render::place_text(finding.site));
  if (name.empty() || place.empty()) return name + place;
  return name + " (" + place + ")";
}

std::string failed_line(const report::Report& report) {
  const report::Finding* first = nullptr;
  size_t findings = 0;
  std::string why;
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.outcome != report::Outcome::kBroken) continue;
    if (why.empty()) why = ruling.why;
    if (!ruling.finding || *ruling.finding >= report.findings.size()) continue;
    if (first == nullptr) first = &report.findings[*ruling.finding];
    ++findings;
  }
  if (first == nullptr) return "failed: " + why;
  std::string text =
      std::string("failed: ") + report::verdict_word(first->verdict) + " at " + place_of(*first);
  if (first->bytes_per_hour) text += ", " + format_bytes_signed(*first->bytes_per_hour) + "/h";
  text += ", " + format_percent(first->confidence) + " sure";
  if (findings > 1) text += ", and " + std::to_string(findings - 1) + " more";
  return text;
}

std::string seen_text(const report::Report& report) {
  std::string text = std::to_string(report.judged_snapshots) + " snapshots over " +
                     format_duration(report.judged_seconds);
  // In exact mode a leak is seen by its blocks, however small they are.
  const std::optional<double>& blocks = report.detectable_blocks_per_hour;
  const std::optional<double>& bytes = report.detectable_bytes_per_hour;
  if (!blocks && !bytes) return text;
  text += "; detection limit: ";
  if (bytes) text += format_bytes(*bytes) + "/h";
  if (blocks) {
    text +=
        (bytes ? ", " : "") + format_counted(std::max(1.0, std::round(*blocks)), "block") + "/h";
  }
  if (report.detectable_script_bytes_per_hour) {
    text += ", " + format_bytes(*report.detectable_script_bytes_per_hour) +
            "/h from one function in the " + (report.has_java ? "Java" : "JavaScript") + " heap";
  }
  if (report.detectable_whole_bytes_per_hour) {
    text += ", " + format_bytes(*report.detectable_whole_bytes_per_hour) + "/h in total";
  }
  return text;
}

std::string inconclusive_line(const report::Report& report) {
  const report::Ruling* first = nullptr;
  size_t count = 0;
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.rule != report::kUnjudgedRule) continue;
    if (count++ == 0) first = &ruling;
  }
  if (first == nullptr) return "inconclusive by the policy; " + seen_text(report);
  return "inconclusive: " + render::clean(first->why) +
         (count > 1 ? ", and " + std::to_string(count - 1) + " more" : "") +
         "; the others: " + seen_text(report);
}

}  // namespace

void add_file_options(CLI::App& app, SoakFiles& files) {
  for (const render::Format& format : render::formats()) {
    if (format.soak_file.empty()) continue;
    const std::string name(format.name);
    CLI::Option* const option = app.add_option_function<std::string>(
        "--" + name, [&files, name](const std::string& path) { files.by_format[name] = path; },
        std::string(format.soak_file));
    option->type_name("FILE");
    if (format.why_not != nullptr) {
      option->check([&format](const std::string&) { return format.why_not(); });
    }
  }
  app.add_flag("--github", files.github, "GitHub annotations at the leaking lines");
}

bool shows_all_stacks(const SoakFiles& files) {
  return std::any_of(files.by_format.begin(), files.by_format.end(),
                     [](const auto& file) { return shows_all_stacks(file.first); });
}

std::optional<Error> write_files(const report::Report& report, const SoakFiles& files) {
  std::optional<Error> failure;
  const auto keep = [&failure](std::optional<Error> error) {
    if (error && !failure) failure = std::move(error);
  };
  for (const auto& [format, path] : files.by_format) {
    keep(write_output(in_format(report, format.c_str()), path));
  }
  if (files.github) keep(write_output(in_format(report, "github"), ""));
  keep(append_to_summary(report));
  return failure;
}

std::string outcome_line(const report::Report& report, int status, const std::string& mistrust) {
  switch (status) {
    case kBroken:
      return failed_line(report);
    case kInconclusive:
      for (const report::Ruling& ruling : report.gate.rulings) {
        if (ruling.fails)
          return "inconclusive: " + render::clean(render::ruling_text(report, ruling)) + "; " +
                 seen_text(report);
      }
      return inconclusive_line(report);
    case kInput:
      return !mistrust.empty() ? "no verdict: " + mistrust
                               : "too short for a verdict: " + seen_text(report);
    default:
      break;
  }
  const bool leak =
      std::any_of(report.findings.begin(), report.findings.end(),
                  [](const report::Finding& f) { return f.verdict == report::Verdict::kLeak; });
  return std::string("passed: ") + (leak ? "nothing beyond the policy" : "no leak") + " in " +
         seen_text(report);
}

}  // namespace silt::commands
