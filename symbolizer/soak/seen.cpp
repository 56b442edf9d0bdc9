// SPDX-License-Identifier: Apache-2.0
//
// Looked at every second or two, so that a worker that lives between two rounds of snapshots is
// not overlooked; the mappings, which cost most, are read until the interposer was seen in them.

#include "symbolizer/soak/seen.h"

#include <charconv>

#include "symbolizer/base/quantity.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/report/gate/unjudged.h"

namespace silt::soak {

std::optional<StatFacts> parse_stat(std::string_view text) {
  const size_t begin = text.find('(');
  const size_t end = text.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::nullopt;
  }
  StatFacts facts;
  facts.name = text.substr(begin + 1, end - begin - 1);
  text.remove_prefix(end + 1);
  constexpr int kFieldsToStart = 20;  // after the name, its own among them
  for (int field = 0; field < kFieldsToStart; ++field) {
    const size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    text.remove_prefix(space + 1);
  }
  const auto [stop, bad] =
      std::from_chars(text.data(), text.data() + text.size(), facts.start_ticks);
  if (bad != std::errc() || stop == text.data()) return std::nullopt;
  return facts;
}

namespace {

// Copies of a process that silt made to look into it (interposer/owners), which have what the
// process has, and end by themselves.
bool is_copy(std::string_view name) { return name == "silt owners" || name == "silt heap"; }

}  // namespace

std::vector<pid_t> SeenProcesses::look(const std::vector<pid_t>& pids, double seconds) {
  std::vector<pid_t> recorded;
  for (const pid_t pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const auto stat = process::read_proc(folder + "/stat");
    const auto facts = stat ? parse_stat(*stat) : std::nullopt;
    if (!facts || is_copy(facts->name)) continue;
    const Key key{pid, facts->start_ticks};
    const auto [at, added] = processes_.try_emplace(key);
    Process& process = at->second;
    if (added) process.first = seconds;
    process.last = seconds;
    process.name = facts->name;  // another one after exec
    now_[pid] = key;
    if (!process.recorded) {
      const auto maps = process::read_proc(process::living_path(pid, "maps"));
      if (!maps) continue;
      process.recorded = process::is_recorded(process::parse_maps(*maps));
    }
    if (process.recorded) recorded.push_back(pid);
  }
  return recorded;
}

void SeenProcesses::took_snapshot(pid_t pid) {
  const auto at = now_.find(pid);
  if (at != now_.end()) ++processes_[at->second].snapshots;
}

void SeenProcesses::gave_none(pid_t pid, const std::string& why) {
  const auto at = now_.find(pid);
  if (at != now_.end()) processes_[at->second].why = why;
}

std::vector<report::Unjudged> SeenProcesses::unjudged(double run_seconds, size_t needed) const {
  std::vector<report::Unjudged> found;
  for (const auto& [key, process] : processes_) {
    if (!process.recorded || process.snapshots >= needed) continue;
    if (!report::lived_long(process.last - process.first, run_seconds)) continue;
    std::string why;
    if (!process.why.empty()) {
      why = process.why;
    } else if (process.snapshots == 0) {
      why = "it lived between two rounds of snapshots; take them more often (--every)";
    } else {
      why = "it gave only " + format_counted(static_cast<double>(process.snapshots), "snapshot") +
            " before it ended; take them more often (--every)";
    }
    found.push_back({static_cast<uint32_t>(key.first), process.name, std::move(why)});
  }
  return found;
}

}  // namespace silt::soak
