// SPDX-License-Identifier: Apache-2.0
//
// The baseline; see the header.

#include "symbolizer/report/baseline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "symbolizer/report/compare.h"
#include "symbolizer/report/rule_lines.h"

namespace silt::report {

std::string place_line(const Finding& finding) {
  std::string text;
  for (const char c : place_key(finding)) {
    if (c == '\n') {
      text += '|';
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      text += c;
    }
  }
  return text;
}

std::string write_baseline(const Report& report) {
  std::string text =
      "# Growth that is known and accepted: bytes an hour, then the place. Written by\n"
      "# 'silt check --write-baseline'; lines may be removed, and comments added.\n";
  for (const Finding& finding : report.findings) {
    if (finding.verdict != Verdict::kLeak && finding.verdict != Verdict::kGrowing) continue;
    char pace[32];
    std::snprintf(pace, sizeof pace, "%.0f", std::max(0.0, finding.bytes_per_hour.value_or(0)));
    text += std::string(pace) + " " + place_line(finding) + "\n";
  }
  return text;
}

Result<std::vector<Known>> parse_baseline(std::string_view text) {
  std::vector<Known> known;
  const auto error =
      for_lines(text, [&](size_t number, std::string_view line) -> std::optional<Error> {
        if (line.empty() || line.front() == '#') return std::nullopt;
        const std::string row(line);
        char* end = nullptr;
        const double pace = std::strtod(row.c_str(), &end);
        if (end == row.c_str() || *end != ' ' || !std::isfinite(pace)) {
          return wrong_line(number, "expected bytes an hour and a place");
        }
        known.push_back({std::string(end + 1), pace});
        return std::nullopt;
      });
  if (error) return *error;
  return known;
}

}  // namespace silt::report
