// SPDX-License-Identifier: Apache-2.0
//
// Set arithmetic on process ids; see the header.

#include "symbolizer/report/gate/unjudged.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "symbolizer/base/quantity.h"

namespace silt::report {
namespace {

constexpr double kLong = 10;  // seconds

// Containers each have a process 1.
std::string told_place(const std::vector<read::Label>& labels) {
  std::string place;
  for (const std::string_view key : {"host", "pod", "container"}) {
    const std::string* const value = read::find_label(labels, key);
    place += (value == nullptr ? "" : *value) + "\n";
  }
  return place;
}

using Key = std::pair<std::string, uint32_t>;  // place, pid

}  // namespace

RecordedProcess facts_of(const read::Recording& recording, const report::Report& report) {
  RecordedProcess process;
  process.pid = report.pid;
  process.place = told_place(report.labels);
  process.program = report.program;
  process.lived_seconds = static_cast<double>(recording.snapshots.back().meta.elapsed_ns) / 1e9;
  process.judged_seconds = report.judged_seconds;
  process.judged_snapshots = report.judged_snapshots;
  std::map<uint32_t, read::Child> oldest;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    for (const read::Child& child : snapshot.children) {
      read::Child& known = oldest[child.pid];
      if (child.age_seconds >= known.age_seconds) known = child;
    }
  }
  for (auto& [pid, child] : oldest) process.children.push_back(std::move(child));
  return process;
}

bool lived_long(double lived_seconds, double run_seconds) {
  return lived_seconds >= std::min(kLong, run_seconds / 2);
}

std::vector<report::Unjudged> find_unjudged(const std::vector<RecordedProcess>& recordings) {
  double run_seconds = 0;
  std::map<Key, bool> judged;  // recorded here, and whether that is enough
  std::map<Key, double> ages;  // as far as anybody saw it
  for (const RecordedProcess& process : recordings) {
    run_seconds = std::max(run_seconds, process.judged_seconds);
    const Key key(process.place, process.pid);
    judged[key] |= process.judged_snapshots >= kFewestForVerdict;
    ages[key] = std::max(ages[key], process.lived_seconds);
    for (const read::Child& child : process.children) {
      double& age = ages[{process.place, child.pid}];
      age = std::max(age, child.age_seconds);
    }
  }
  const bool any =
      std::any_of(judged.begin(), judged.end(), [](const auto& one) { return one.second; });
  std::vector<report::Unjudged> found;
  if (!any) return found;  // a run that is too short altogether is told as that
  std::map<Key, bool> named;
  const auto add = [&](const Key& key, const std::string& program, std::string why) {
    if (!std::exchange(named[key], true)) found.push_back({key.second, program, std::move(why)});
  };
  for (const RecordedProcess& process : recordings) {
    const Key key(process.place, process.pid);
    if (!judged[key] && lived_long(ages[key], run_seconds)) {
      add(key, process.program,
          "it has only " +
              format_counted(static_cast<double>(process.judged_snapshots), "snapshot") +
              " under load");
    }
    for (const read::Child& child : process.children) {
      const Key of_child(process.place, child.pid);
      if (judged.count(of_child) > 0 || !lived_long(child.age_seconds, run_seconds)) continue;
      add(of_child, child.name,
          "a recorded child of process " + std::to_string(process.pid) +
              ", of which no recording is given here");
    }
  }
  return found;
}

std::vector<bool> worth_a_verdict(const std::vector<RecordedProcess>& recordings) {
  std::vector<bool> worth;
  for (const RecordedProcess& process : recordings) {
    worth.push_back(process.judged_snapshots >= kFewestForVerdict);
  }
  if (std::find(worth.begin(), worth.end(), true) == worth.end()) worth.assign(worth.size(), true);
  return worth;
}

std::string left_out_text(size_t count) {
  return std::to_string(count) + (count == 1 ? " process" : " processes") +
         " lived too short for a verdict, left out";
}

}  // namespace silt::report
