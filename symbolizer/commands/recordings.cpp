// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/recordings.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;

Result<read::Recording> newest_in(const fs::path& folder, const std::string& what) {
  const std::vector<fs::path> found = read::find_recordings(folder);
  if (found.empty()) {
    return Error{"no recording " + what + "; name one, or make one with 'silt run PROGRAM'"};
  }
  return read::read_recording(found.front());
}

bool holds_snapshots(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".silt") return true;
  }
  return false;
}

// Files are the same whatever they are called: `a`, `./a`, a link to it.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const fs::path& path) {
  struct stat status {};
  if (stat(path.empty() ? "." : path.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

void say_once(const fs::path& path, const char* why) {
  log::warning(in_quotes(path) + " counts once: " + why);
}

// What was named so far: a recording that counted twice would make two processes of one.
class Named {
 public:
  bool has(const fs::path& path) const {
    const auto identity = identity_of(path);
    return identity && seen_.count(*identity) > 0;
  }
  // Says so if it is not.
  bool is_new(const fs::path& path) {
    const auto identity = identity_of(path);
    if (!identity || seen_.insert(*identity).second) return true;
    say_once(path, "it is named more than once");
    return false;
  }

 private:
  std::set<Identity> seen_;
};

// Snapshot files of one folder.
struct Group {
  fs::path folder;
  std::vector<fs::path> files;
};

void add_to_group(const fs::path& file, std::vector<Group>& groups) {
  const auto folder = identity_of(file.parent_path());
  for (Group& group : groups) {
    if (identity_of(group.folder) != folder) continue;
    group.files.push_back(file);
    return;
  }
  groups.push_back({file.parent_path(), {file}});
}

}  // namespace

Result<std::vector<ReadRecording>> recordings_named(const std::vector<std::string>& paths) {
  if (paths.empty()) {
    const char* const out = std::getenv("SILT_OUT");
    if (!read::find_recordings(".").empty() || out == nullptr) {
      return std::vector<ReadRecording>{[] { return newest_in(".", "in the current folder"); }};
    }
    return std::vector<ReadRecording>{[folder = std::string(out)] {
      return newest_in(folder, "in SILT_OUT, " + in_quotes(std::string_view(folder)));
    }};
  }
  std::vector<ReadRecording> reads;
  std::vector<Group> groups;  // of snapshot files
  Named named;
  for (const std::string& text : paths) {
    const fs::path path(text);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      return Error{"cannot read " + in_quotes(path) + ": no such file or folder"};
    }
    if (!fs::is_directory(status)) {
      if (named.is_new(path)) add_to_group(path, groups);
      continue;
    }
    const bool itself = holds_snapshots(path);
    const std::vector<fs::path> found =
        itself ? std::vector<fs::path>() : read::find_recordings(path);
    const fs::path recording = found.empty() ? path : found.front();
    if (named.is_new(recording)) {
      reads.push_back([recording] { return read::read_recording(recording); });
    }
  }
  for (const Group& group : groups) {
    if (named.has(group.folder)) {
      say_once(group.files.front(), "its recording is named too");
      continue;
    }
    reads.push_back([files = group.files] { return read::read_snapshots(files); });
  }
  return reads;
}

}  // namespace silt::commands
