// SPDX-License-Identifier: Apache-2.0
//
// Joins across processes and builds; see the header.

#include "symbolizer/report/compare.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/line_up.h"
#include "symbolizer/report/place.h"
#include "symbolizer/report/processes.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

// A known leak that leaks this much faster than before is worse, not known.
constexpr double kWorse = 1.25;

Share share_of(const Finding& finding, size_t process) {
  return {process, finding.verdict, finding.growth_bytes, finding.bytes_per_hour};
}

std::optional<double> sum(const std::optional<double>& a, const std::optional<double>& b) {
  if (!a) return b;
  return b ? *a + *b : *a;
}

// What one process says of a site.
struct Said {
  size_t process = 0;
  Finding finding;
};

// Adds the figures of a finding on the same site in another process.
void add_figures(Finding& to, const Finding& from) {
  to.growth_bytes += from.growth_bytes;
  to.growth_blocks += from.growth_blocks;
  to.bytes_per_hour = sum(to.bytes_per_hour, from.bytes_per_hour);
  to.blocks_per_hour = sum(to.blocks_per_hour, from.blocks_per_hour);
  if (from.seconds_to_limit &&
      (!to.seconds_to_limit || *from.seconds_to_limit < *to.seconds_to_limit)) {
    to.seconds_to_limit = from.seconds_to_limit;
  }
  to.stacks.insert(to.stacks.end(), from.stacks.begin(), from.stacks.end());
  to.leads.insert(to.leads.end(), from.leads.begin(), from.leads.end());
  for (const Place& place : from.places) add_place(to.places, place.key, place.bytes_per_hour);
  to.live_bytes.resize(std::max(to.live_bytes.size(), from.live_bytes.size()));
  for (size_t i = 0; i < from.live_bytes.size(); ++i) to.live_bytes[i] += from.live_bytes[i];
}

// The gravest speaks for all, with its reason; the figures are those of all together.
Finding spoken_for(const std::vector<Said>& all) {
  const Finding* gravest = &all.front().finding;
  for (const Said& said : all) {
    const Finding& one = said.finding;
    const bool graver = one.verdict < gravest->verdict ||
                        (one.verdict == gravest->verdict && one.confidence > gravest->confidence);
    if (graver) gravest = &one;
  }
  Finding told = *gravest;
  told.growth_bytes = 0;
  told.growth_blocks = 0;
  told.bytes_per_hour.reset();
  told.blocks_per_hour.reset();
  told.seconds_to_limit.reset();
  told.stacks.clear();
  told.leads.clear();
  if (all.size() > 1) told.threads.clear();
  told.places.clear();
  told.live_bytes.clear();
  for (const Said& said : all) {
    add_figures(told, said.finding);
    told.shares.push_back(share_of(said.finding, said.process));
  }
  return told;
}

// Both are at the same moments.
void add_snapshots(std::vector<SnapshotLine>& to, const std::vector<SnapshotLine>& from) {
  if (to.empty()) {
    to = from;
    return;
  }
  for (size_t i = 0; i < std::min(to.size(), from.size()); ++i) {
    const SnapshotLine& line = from[i];
    SnapshotLine& sum = to[i];
    sum.rss_bytes += line.rss_bytes;
    sum.live_bytes += line.live_bytes;
    sum.live_blocks += line.live_blocks;
    sum.allocated_bytes += line.allocated_bytes;
    sum.allocated_blocks += line.allocated_blocks;
    sum.mapping_bytes += line.mapping_bytes;
    sum.js_used_bytes += line.js_used_bytes;
    sum.java_bytes += line.java_bytes;
    sum.object_bytes += line.object_bytes;
    sum.object_blocks += line.object_blocks;
    if (sum.parts && line.parts) {
      add(*sum.parts, *line.parts);
    } else {
      sum.parts.reset();
    }
  }
}

void order(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    const bool a_leaks = a.verdict == Verdict::kLeak;
    const bool b_leaks = b.verdict == Verdict::kLeak;
    return a_leaks != b_leaks ? a_leaks : a.growth_bytes > b.growth_bytes;
  });
}

// Which processes have a leak that the others, with the same site or not, do not have.
void tell_apart(Report& report) {
  for (const Finding& finding : report.findings) {
    if (finding.verdict != Verdict::kLeak) continue;
    std::vector<std::string> with;
    for (const Share& share : finding.shares) {
      if (share.verdict == Verdict::kLeak) with.push_back(report.processes[share.process].who);
    }
    if (!with.empty() && with.size() < report.processes.size()) {
      report.notes.push_back("only in " + some_of(with) + ", not in the other " +
                             std::to_string(report.processes.size() - with.size()) + ": " +
                             finding.site.function);
    }
  }
}

// The least sensitive of those that were judged speaks for all; who was not judged is named apart.
void add_detectable(const std::vector<Report>& reports, Report& all) {
  bool first = true;
  for (const Report& report : reports) {
    const bool judged = report.judged_snapshots >= 2;
    if (!judged && all.judged_snapshots >= 2) continue;
    const auto least_sensitive = [first](std::optional<double>& to,
                                         const std::optional<double>& from) {
      if (first) {
        to = from;
      } else if (to && from) {
        to = std::max(*to, *from);
      }
    };
    least_sensitive(all.detectable_blocks_per_hour, report.detectable_blocks_per_hour);
    least_sensitive(all.detectable_bytes_per_hour, report.detectable_bytes_per_hour);
    first = false;
    // Not every process has a JavaScript heap; any that has speaks.
    const auto any = [](std::optional<double>& to, const std::optional<double>& from) {
      if (from) to = std::max(to.value_or(0), *from);
    };
    any(all.detectable_script_bytes_per_hour, report.detectable_script_bytes_per_hour);
    any(all.detectable_whole_bytes_per_hour, report.detectable_whole_bytes_per_hour);
  }
}

}  // namespace

Report combine(std::vector<Report> reports, const std::vector<std::string>& paths) {
  Report all;
  if (reports.empty()) return all;
  all.processes = process_lines(reports, paths);
  all.labels = common_labels(all.processes);
  // Sums are told at the moments of this one, by its clock: numbers and times of snapshots are its.
  const Report& leader = reports[leading(reports)];
  all.pid = leader.pid;
  all.has_java = leader.has_java;
  all.program = leader.program;
  all.command = leader.command;
  all.start_realtime_ns = leader.start_realtime_ns;
  all.sampling_interval_bytes = leader.sampling_interval_bytes;
  all.memory_limit_bytes = leader.memory_limit_bytes;
  all.judged_snapshots = leader.judged_snapshots;
  all.judged_seconds = leader.judged_seconds;
  add_detectable(reports, all);
  line_up(reports);
  std::vector<std::vector<Said>> sites;
  std::unordered_map<std::string, size_t> by_site;
  uint32_t next_id = 1;
  ToldLines honesty;
  ToldLines notes;
  for (size_t process = 0; process < reports.size(); ++process) {
    Report& report = reports[process];
    add_snapshots(all.snapshots, report.snapshots);
    all.busyness.allocations_per_hour += report.busyness.allocations_per_hour;
    all.busyness.processors += report.busyness.processors;
    std::unordered_map<read::StackId, read::StackId> new_ids;
    for (StackLine& stack : report.stacks) {
      new_ids.try_emplace(stack.id, read::StackId{next_id});
      stack.id = read::StackId{next_id++};
      stack.process = process;
      all.stacks.push_back(std::move(stack));
    }
    for (Finding& finding : report.findings) {
      for (std::vector<read::StackId>* ids : {&finding.stacks, &finding.leads}) {
        for (read::StackId& id : *ids) {
          const auto at = new_ids.find(id);
          id = at == new_ids.end() ? read::StackId{} : at->second;
        }
      }
      const std::string key =
          finding.whole.empty()
              ? std::to_string(static_cast<int>(finding.heap)) + "\n" + site_key(finding.site)
              : place_key(finding);
      const auto [at, added] = by_site.try_emplace(key, sites.size());
      if (added) sites.emplace_back();
      sites[at->second].push_back({process, std::move(finding)});
    }
    honesty.add(all.processes[process].who, report.honesty);
    notes.add(all.processes[process].who, report.notes);
    all.heap_growth.insert(all.heap_growth.end(), report.heap_growth.begin(),
                           report.heap_growth.end());
    all.stacks_total += report.stacks_total;
  }
  all.honesty = honesty.take();
  all.notes = notes.take();
  for (const std::vector<Said>& site : sites) all.findings.push_back(spoken_for(site));
  order(all.findings);
  std::stable_sort(
      all.stacks.begin(), all.stacks.end(),
      [](const StackLine& a, const StackLine& b) { return a.growth_bytes > b.growth_bytes; });
  tell_apart(all);
  return all;
}

void compare(Report& report, const Report& before) {
  std::vector<Place> old;
  for (const Finding& finding : before.findings) {
    if (!rises(finding.verdict)) continue;
    for (const Place& place : finding.places) add_place(old, place.key, place.bytes_per_hour);
  }
  size_t fresh = 0;
  std::unordered_set<std::string> still;
  for (Finding& finding : report.findings) {
    still.insert(place_key(finding));
    for (const Place& place : finding.places) still.insert(place.key);
    if (!rises(finding.verdict)) continue;
    const std::optional<double> pace = known_pace(finding, old);
    if (!pace) {
      finding.change = Change::kNew;
      ++fresh;
      continue;
    }
    finding.baseline_bytes_per_hour = *pace;
    finding.change =
        finding.bytes_per_hour.value_or(0) > kWorse * *pace ? Change::kWorse : Change::kKnown;
  }
  report.notes.push_back("against the baseline: " +
                         format_counted(static_cast<double>(fresh), "new place") + " that grows");
  for (const Finding& finding : before.findings) {
    if (!rises(finding.verdict)) continue;
    const bool grows = still.count(place_key(finding)) > 0 ||
                       std::any_of(finding.places.begin(), finding.places.end(),
                                   [&](const Place& place) { return still.count(place.key) > 0; });
    if (grows) continue;
    const std::string& name = finding.site.function;
    report.notes.push_back("no longer grows: " + (name.empty() ? std::string("?") : name));
  }
}

}  // namespace silt::report
