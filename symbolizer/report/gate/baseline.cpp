// SPDX-License-Identifier: Apache-2.0
//
// The baseline; see the header.

#include "symbolizer/report/gate/baseline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "symbolizer/report/gate/owner_key.h"
#include "symbolizer/report/gate/rule_lines.h"
#include "symbolizer/report/place.h"

namespace silt::report {

namespace {

// A known finding may be this much faster than its baseline before it breaks the gate again.
constexpr double kWorsePace = 1.25;
// And by what chance makes of two runs: of samples, and of what differs from window to window.
constexpr double kErrorsOfChance = 2;
// How busy the processes were, as lines of the file: no place is called so.
constexpr char kAllocations[] = "[busy] allocations an hour";
constexpr char kProcessors[] = "[busy] thousandths of a processor";

double value_of(const std::vector<Place>& baseline, const char* key) {
  for (const Place& place : baseline) {
    if (place.key == key) return place.bytes_per_hour;
  }
  return 0;
}

// 1 or more; 1 where it is not known of both.
double busier_by(const std::vector<Place>& baseline, const Busyness& now) {
  const double allocations = value_of(baseline, kAllocations);
  const double processors = value_of(baseline, kProcessors) / 1000;
  if (allocations <= 0 || processors <= 0) return 1;
  return std::max(1.,
                  std::min(now.allocations_per_hour / allocations, now.processors / processors));
}

std::string line_of(double value, const std::string& key) {
  char number[32];
  std::snprintf(number, sizeof number, "%.0f", std::max(0.0, value));
  return std::string(number) + " " + key + "\n";
}

}  // namespace

std::string write_baseline(const Report& report) {
  std::string text =
      "# Growth that is known and accepted: bytes an hour, then the place, or who keeps it. By\n"
      "# 'silt check --write-baseline'; lines may be removed, and comments added.\n";
  std::vector<Place> places;
  for (const Finding& finding : report.findings) {
    for (const Place& place : finding.places) {
      add_place(places, place.key, place.bytes_per_hour);
    }
    if (const std::string owner = owner_key(finding); !owner.empty()) {
      add_place(places, owner, finding.bytes_per_hour.value_or(0));
    }
  }
  for (const Place& place : places) text += line_of(place.bytes_per_hour, place.key);
  if (!places.empty() && report.busyness.processors > 0) {
    text += line_of(report.busyness.allocations_per_hour, kAllocations);
    text += line_of(1000 * report.busyness.processors, kProcessors);
  }
  return text;
}

Result<std::vector<Place>> parse_baseline(std::string_view text) {
  std::vector<Place> known;
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

std::optional<double> pace_in(const std::vector<Place>& baseline, const Finding& finding) {
  std::optional<double> pace = known_pace(finding, baseline);
  const std::string owner = owner_key(finding);
  if (owner.empty()) return pace;
  for (const Place& known : baseline) {
    if (known.key == owner) pace = std::max(pace.value_or(0), known.bytes_per_hour);
  }
  return pace;
}

void mark_against(const std::vector<Place>& baseline, const Busyness& now, Finding& finding) {
  if (const std::optional<double> known = pace_in(baseline, finding)) {
    finding.baseline_bytes_per_hour = *known;
    const double pace = std::max(0.0, finding.bytes_per_hour.value_or(0));
    const double chance = kErrorsOfChance * std::sqrt(2) * finding.pace_error;
    const double allowed = (kWorsePace + chance) * busier_by(baseline, now) * *known;
    finding.change = pace > allowed ? Change::kWorse : Change::kKnown;
  } else if (!baseline.empty() && finding.change == Change::kNotCompared) {
    finding.change = Change::kNew;
  }
}

}  // namespace silt::report
