// SPDX-License-Identifier: Apache-2.0
//
// Folder listings with error codes instead of exceptions: folders vanish and forbid.

#include "symbolizer/read/recording_folder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "interposer/format/blackbox.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/read/recording.h"

namespace silt::read {
namespace {

namespace fs = std::filesystem;

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char letter) { return letter >= '0' && letter <= '9'; });
}

// Newest snapshot's or black box's time; nothing when there is none: a process that was killed
// before its first may have left its control file.
std::optional<fs::file_time_type> newest_time(const fs::path& folder) {
  std::error_code error;
  std::optional<fs::file_time_type> newest;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path name = it->path().filename();
    if (!is_snapshot_name(name.native()) && name != format::kBoxFileName) continue;
    std::error_code ignored;
    const auto time = it->last_write_time(ignored);
    if (ignored) continue;
    newest = newest ? std::max(*newest, time) : time;
  }
  return newest;
}

}  // namespace

bool is_snapshot_name(std::string_view name) {
  constexpr std::string_view kSuffix = ".silt";
  return name.size() > kSuffix.size() && name.ends_with(kSuffix) &&
         all_digits(name.substr(0, name.size() - kSuffix.size()));
}

bool is_recording_name(std::string_view name) {
  constexpr std::string_view kPrefix = "silt.";
  if (!name.starts_with(kPrefix)) return false;
  const size_t dot = name.rfind('.');
  return dot > kPrefix.size() && all_digits(name.substr(dot + 1));
}

Result<std::vector<fs::path>> snapshot_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (is_snapshot_name(it->path().filename().native())) files.push_back(it->path());
  }
  if (error) return Error{"cannot read " + in_quotes(folder) + ": " + errno_text(error.value())};
  // By number without parsing it: leading zeros away, then shorter is smaller.
  const auto significant = [](const fs::path& path) {
    const std::string name = path.filename().native();
    return name.substr(std::min(name.find_first_not_of('0'), name.size()));
  };
  std::sort(files.begin(), files.end(), [&](const fs::path& a, const fs::path& b) {
    const std::string left = significant(a), right = significant(b);
    if (left.size() != right.size()) return left.size() < right.size();
    return left != right ? left < right : a < b;
  });
  return files;
}

fs::path find_box(const fs::path& folder) {
  fs::path path = folder / format::kBoxFileName;
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  return !error && fs::is_regular_file(status) ? path : fs::path();
}

fs::path find_jit_map(const fs::path& folder, uint32_t pid) {
  fs::path path = folder / ("perf-" + std::to_string(pid) + ".map");
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  return !error && fs::is_regular_file(status) ? path : fs::path();
}

std::vector<fs::path> find_recordings(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::vector<fs::path> empty;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!is_recording_name(it->path().filename().native()) || !it->is_directory(ignored)) continue;
    if (const auto time = newest_time(it->path())) {
      found.emplace_back(*time, it->path());
    } else {
      empty.push_back(it->path());
    }
  }
  // Where there is nothing else they are named, so that it can be said what they lack.
  if (found.empty()) return empty;
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<fs::path> folders;
  for (auto& [time, path] : found) folders.push_back(std::move(path));
  return folders;
}

}  // namespace silt::read
