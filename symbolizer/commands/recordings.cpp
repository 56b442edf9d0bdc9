// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/recordings.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>

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
  std::map<fs::path, std::vector<fs::path>> snapshots;  // by folder
  std::vector<fs::path> order;
  for (const std::string& text : paths) {
    const fs::path path(text);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      return Error{"cannot read " + in_quotes(path) + ": no such file or folder"};
    }
    if (!fs::is_directory(status)) {
      const fs::path folder = path.parent_path();
      if (snapshots[folder].empty()) order.push_back(folder);
      snapshots[folder].push_back(path);
    } else if (holds_snapshots(path) || read::find_recordings(path).empty()) {
      reads.push_back([path] { return read::read_recording(path); });
    } else {
      reads.push_back([path] { return newest_in(path, "in " + in_quotes(path)); });
    }
  }
  for (const fs::path& folder : order) {
    reads.push_back([files = snapshots[folder]] { return read::read_snapshots(files); });
  }
  return reads;
}

}  // namespace silt::commands
