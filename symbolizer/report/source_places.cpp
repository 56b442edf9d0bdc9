// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/source_places.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_set>

#include "symbolizer/report/origin.h"

namespace silt::report {
namespace {

namespace fs = std::filesystem;

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// "/srv/shop" and "/srv/shop/a.cpp": "a.cpp".
std::optional<std::string> below(const std::string& folder, const std::string& path) {
  if (path.size() <= folder.size() + 1 || !path.starts_with(folder) || path[folder.size()] != '/') {
    return std::nullopt;
  }
  return path.substr(folder.size() + 1);
}

// The folder of the git repository that a folder is in; a worktree's `.git` is a file.
std::string repository_around(fs::path folder) {
  std::error_code error;
  for (; !folder.empty(); folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", error)) return folder.native();
    if (folder == folder.root_path()) break;
  }
  return "";
}

std::string without_slash(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder;
}

// The path without its first n parts, for n from `first` on; the last part alone only when that
// leaves out but one.
std::vector<std::string> ends_of(const std::string& path) {
  std::vector<std::string> ends;
  const auto parts = std::count(path.begin(), path.end(), '/');
  size_t begin = path.find('/', 1);
  for (auto left = parts - 1; begin != std::string::npos; --left) {
    if (left >= 2 || parts == 2) ends.push_back(path.substr(begin + 1));
    begin = path.find('/', begin + 1);
  }
  return ends;
}

}  // namespace

std::string source_path(const symbolize::Frame& frame) {
  constexpr std::string_view kScheme = "file://";
  std::string path =
      frame.file.starts_with(kScheme) ? frame.file.substr(kScheme.size()) : frame.file;
  if (path.starts_with('/') || frame.folder.empty()) {
    return path.find("/.") == std::string::npos ? path : fs::path(path).lexically_normal().native();
  }
  return (fs::path(frame.folder) / path).lexically_normal().native();
}

std::vector<std::string> checkouts_of(const char* (*variable)(const char* name),
                                      const std::string& folder) {
  std::vector<std::string> folders;
  const auto add = [&folders](const std::string& candidate) {
    const std::string path = without_slash(candidate);
    std::error_code error;
    if (path.size() < 2 || path.front() != '/' || !fs::is_directory(path, error)) return;
    if (std::find(folders.begin(), folders.end(), path) == folders.end()) folders.push_back(path);
  };
  for (const char* name : {"GITHUB_WORKSPACE", "CI_PROJECT_DIR"}) {
    if (const char* value = variable(name)) add(value);
  }
  add(repository_around(folder));
  return folders;
}

SourcePlace Checkouts::find(const std::string& path) const {
  SourcePlace place;
  if (path.empty()) return place;
  if (!path.starts_with('/')) {
    // The compiler's folder is not known: what climbs out of it lies in the checkout as a rule.
    std::string rest = path;
    while (rest.starts_with("../")) rest.erase(0, 3);
    for (const std::string& folder : folders_) {
      if (!is_file(folder + "/" + rest)) continue;
      return {folder + "/" + rest, rest};
    }
    return place;
  }
  const bool is_here = is_file(path);
  if (is_here) place.file = path;
  for (const std::string& folder : folders_) {
    if (const auto inside = below(folder, path)) {
      place.in_repository = *inside;
      return place;
    }
  }
  if (is_here) {
    const std::string around = repository_around(fs::path(path).parent_path());
    if (!around.empty()) place.in_repository = below(around, path).value_or("");
    return place;
  }
  for (const std::string& end : ends_of(path)) {
    for (const std::string& folder : folders_) {
      if (is_file(folder + "/" + end)) return {folder + "/" + end, end};
    }
  }
  return place;
}

void add_source_places(const Checkouts& checkouts, Report& report) {
  std::unordered_set<const symbolize::Frame*> seen;
  const auto add = [&](const symbolize::Frame& frame) {
    // Other people's code is in no repository of the user's, and its lines explain little.
    if (frame.file.empty() || origin_of(frame) < Origin::kWrapper) return;
    const std::string path = source_path(frame);
    if (report.sources.find(path) != report.sources.end()) return;
    report.sources.emplace(path, checkouts.find(path));
  };
  for (const Finding& finding : report.findings) add(finding.site);
  for (const StackLine& stack : report.stacks) {
    for (const symbolize::Frame& frame : stack.frames) {
      if (seen.insert(&frame).second) add(frame);
    }
  }
}

}  // namespace silt::report
