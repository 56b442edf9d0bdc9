// SPDX-License-Identifier: Apache-2.0
//
// See control_file.h. In a container a path is one of the container's own file system.

#include "symbolizer/process/control_file.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "symbolizer/base/byte_source.h"

namespace silt::process {
namespace {

std::string in_root(pid_t pid, const std::string& path) { return living_path(pid, "root") + path; }

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().native();
}

// Made or truncated a moment ago: too short for a control file, or for anybody else's file.
bool is_unwritten(pid_t pid, const std::string& path) {
  const auto source = FileSource::open(in_root(pid, path));
  return source && source->size() < sizeof(format::Control);
}

}  // namespace

std::optional<format::Control> read_control(pid_t pid, const std::string& path,
                                            const StatusFacts& status) {
  for (const std::string& place : {path, in_root(pid, path)}) {
    const auto source = FileSource::open(place);
    if (!source) continue;
    const auto bytes = source->read(0, sizeof(format::Control));
    if (!bytes) continue;
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (auto control = parse_control(text, pid, status.namespace_pids)) return control;
  }
  return std::nullopt;
}

std::optional<ControlFile> find_control(pid_t pid, const MapFacts& maps,
                                        const StatusFacts& status) {
  std::optional<ControlFile> known;
  for (const std::string& path : maps.controls) {
    const auto control = read_control(pid, path, status);
    if (!control || (known && known->control.completed >= control->completed)) continue;
    known = ControlFile{path, *control};
  }
  return known;
}

std::optional<ControlFile> find_left_control(pid_t pid, const std::string& folder,
                                             const StatusFacts& status,
                                             std::filesystem::file_time_type asked) {
  namespace fs = std::filesystem;
  constexpr auto kClockStep = std::chrono::seconds(1);  // of the times that files have
  if (folder.empty()) return std::nullopt;
  const pid_t own = status.namespace_pids.empty() ? pid : status.namespace_pids.back();
  const std::string number = "." + std::to_string(own);
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().native();
    if (!name.starts_with("silt.") || name.find(number) == std::string::npos) continue;
    const std::string path = (at->path() / format::kControlFileName).native();
    const auto control = read_control(pid, path, status);
    if (!control) continue;
    std::error_code none;
    const auto written = fs::last_write_time(snapshot_path(path, control->last_sequence), none);
    if (!none && written + kClockStep >= asked) return ControlFile{path, *control};
  }
  return std::nullopt;
}

std::string folder_for_requests(pid_t pid, const MapFacts& maps,
                                const std::optional<ControlFile>& known) {
  if (known) return folder_of(known->path);
  if (!maps.deleted_control.empty() && folder_exists(pid, maps.deleted_control)) {
    return folder_of(maps.deleted_control);
  }
  for (const std::string& path : maps.controls) {
    if (is_unwritten(pid, path)) return folder_of(path);
  }
  return maps.card ? maps.card->folder : "";
}

std::string snapshot_path(const std::string& control, uint32_t sequence) {
  char name[32];
  std::snprintf(name, sizeof(name), "%03u.silt", sequence);
  return (std::filesystem::path(control).parent_path() / name).native();
}

bool folder_exists(pid_t pid, const std::string& control) {
  std::error_code error;
  return std::filesystem::is_directory(in_root(pid, folder_of(control)), error);
}

}  // namespace silt::process
