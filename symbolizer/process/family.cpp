// SPDX-License-Identifier: Apache-2.0
//
// See family.h.

#include "symbolizer/process/family.h"

#include <charconv>
#include <deque>
#include <filesystem>
#include <map>
#include <string>

#include "symbolizer/process/facts.h"

namespace silt::process {
namespace {

// Every process that can be seen, by its parent.
std::multimap<pid_t, pid_t> by_parent() {
  std::multimap<pid_t, pid_t> all;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().native();
    pid_t pid = 0;
    const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || stop != name.data() + name.size()) continue;
    const auto text = read_proc("/proc/" + name + "/stat");
    if (!text) continue;
    if (const auto parent = parent_in_stat(*text)) all.emplace(*parent, pid);
  }
  return all;
}

}  // namespace

std::optional<pid_t> parent_in_stat(std::string_view text) {
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || text.size() < name_end + 5) return std::nullopt;
  text.remove_prefix(name_end + 4);  // ") S "
  pid_t parent = 0;
  const auto [stop, bad] = std::from_chars(text.data(), text.data() + text.size(), parent);
  if (bad != std::errc() || stop == text.data() || parent < 0) return std::nullopt;
  return parent;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  const auto all = by_parent();
  const auto [begin, end] = all.equal_range(parent);
  for (auto at = begin; at != end; ++at) children.push_back(at->second);
  return children;
}

std::vector<pid_t> descendants_of(pid_t root, const std::set<pid_t>& except) {
  const auto all = by_parent();
  std::vector<pid_t> found;
  std::deque<pid_t> open = {root};
  std::set<pid_t> seen = {root};
  while (!open.empty()) {
    const auto [begin, end] = all.equal_range(open.front());
    open.pop_front();
    for (auto at = begin; at != end; ++at) {
      if (except.count(at->second) > 0 || !seen.insert(at->second).second) continue;
      found.push_back(at->second);
      open.push_back(at->second);
    }
  }
  return found;
}

}  // namespace silt::process
