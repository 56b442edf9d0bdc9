// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/recorded_processes.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "symbolizer/process/facts.h"
#include "symbolizer/process/family.h"

namespace silt::process {
namespace {

// Of /proc/PID/statm, in pages: size, resident, …
uint64_t resident_bytes(pid_t pid) {
  const std::string text = read_proc(living_path(pid, "statm")).value_or("");
  const size_t begin = text.find(' ');
  uint64_t pages = 0;
  if (begin == std::string::npos) return 0;
  std::from_chars(text.data() + begin + 1, text.data() + text.size(), pages);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<pid_t> parent_of(pid_t pid) {
  const auto stat = read_proc(proc_path(pid, "stat"));
  return stat ? parent_in_stat(*stat) : std::nullopt;
}

}  // namespace

std::string command_line(std::string_view arguments) {
  while (!arguments.empty() && arguments.back() == '\0') arguments.remove_suffix(1);
  std::string text(arguments);
  const size_t program_end = std::min(text.find('\0'), text.size());
  // A title that the program gave itself ("nginx: worker process") is a text, not a path.
  const size_t space = std::min(text.find(' '), program_end);
  const size_t slash = space == 0 ? std::string::npos : text.rfind('/', space - 1);
  if (slash != std::string::npos) text.erase(0, slash + 1);
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

std::vector<Placed> as_tree(const std::vector<pid_t>& pids, const std::vector<Parented>& all) {
  std::map<pid_t, pid_t> parents;
  for (const Parented& one : all) parents[one.pid] = one.parent;
  const std::set<pid_t> listed(pids.begin(), pids.end());
  std::map<pid_t, std::set<pid_t>> below;  // 0: nothing listed is above
  for (const pid_t pid : listed) {
    pid_t above = parents.count(pid) > 0 ? parents[pid] : 0;
    // Parents were read one after the other, so they may be a ring by now.
    for (size_t steps = 0; above != 0 && listed.count(above) == 0; ++steps) {
      const auto next = parents.find(above);
      above = next == parents.end() || steps > parents.size() ? 0 : next->second;
    }
    below[above == pid ? 0 : above].insert(pid);
  }
  std::vector<Placed> placed;
  std::set<pid_t> seen;
  std::vector<Placed> open;
  const auto put = [&](pid_t parent, size_t depth) {
    const std::set<pid_t>& children = below[parent];
    for (auto at = children.rbegin(); at != children.rend(); ++at) open.push_back({*at, depth});
  };
  put(0, 0);
  while (!open.empty()) {
    const Placed next = open.back();
    open.pop_back();
    if (!seen.insert(next.pid).second) continue;
    placed.push_back(next);
    put(next.pid, next.depth + 1);
  }
  return placed;
}

std::vector<RecordedProcess> recorded_processes(pid_t root, pid_t self) {
  // All processes are below 0, also those of a container that came from outside of it.
  std::vector<pid_t> candidates = descendants_of(root, {});
  if (root != 0) candidates.push_back(root);
  std::map<pid_t, RecordedProcess> found;
  std::vector<pid_t> pids;
  std::vector<Parented> parents;
  for (const pid_t pid : candidates) {
    if (const auto parent = parent_of(pid)) parents.push_back({pid, *parent});
    if (pid == self) continue;
    const auto maps = read_proc(living_path(pid, "maps"));
    if (!maps) continue;
    const MapFacts facts = parse_maps(*maps);
    if (!is_recorded(facts)) continue;
    RecordedProcess process;
    process.pid = pid;
    process.command = command_line(read_proc(living_path(pid, "cmdline")).value_or(""));
    process.rss_bytes = resident_bytes(pid);
    process.asleep = facts.card && facts.card->asleep;
    found.emplace(pid, std::move(process));
    pids.push_back(pid);
  }
  std::vector<RecordedProcess> processes;
  for (const Placed& placed : as_tree(pids, parents)) {
    processes.push_back(std::move(found.at(placed.pid)));
    processes.back().depth = placed.depth;
  }
  return processes;
}

}  // namespace silt::process
