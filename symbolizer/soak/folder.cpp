// SPDX-License-Identifier: Apache-2.0
//
// What lies in the folder of other users may be anything: only real folders with a recording's name
// are taken out of it, by renaming, which follows no link.

#include "symbolizer/soak/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "interposer/format/control.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/read/recording_folder.h"

namespace silt::soak {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kSearchable = 0711;
constexpr mode_t kAnybodyMakes = S_ISVTX | 0733;

// Real folders with a recording's name.
std::vector<fs::path> recordings_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (read::is_recording_name(at->path().filename().native()) &&
        fs::is_directory(at->symlink_status(ignored))) {
      found.push_back(at->path());
    }
  }
  return found;
}

// A name that is free there: a process may have recorded before and after it gave up root.
fs::path free_name(const fs::path& folder, const fs::path& name) {
  fs::path wanted = folder / name;
  std::error_code error;
  for (int number = 2; fs::exists(fs::symlink_status(wanted, error)); ++number) {
    wanted = folder / (name.native() + "." + std::to_string(number));
  }
  return wanted;
}

void remove_if_without_snapshots(const fs::path& recording) {
  const auto files = read::snapshot_files(recording);
  if (!files || !files->empty()) return;
  unlink((recording / format::kControlFileName).c_str());
  rmdir(recording.c_str());  // stays if there is anything else in it
}

}  // namespace

Folder::~Folder() {
  if (temporary_.empty()) return;
  std::error_code error;
  fs::remove_all(temporary_, error);
}

std::optional<Error> Folder::open(const std::string& out) {
  std::error_code error;
  if (!out.empty()) {
    path_ = fs::absolute(out, error);
    fs::create_directories(path_, error);
    if (error) return Error{"cannot make " + in_quotes(out) + ": " + errno_text(error.value())};
    settle();
    return std::nullopt;
  }
  const auto folder = fs::temp_directory_path(error);
  std::string name = (error ? fs::path("/tmp") : folder) / "silt-soak-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    return Error{"cannot make a folder " + in_quotes(name) + ": " + errno_text(errno)};
  }
  path_ = temporary_ = name;
  settle();
  return std::nullopt;
}

// The kernel tells paths of recordings without links in them.
void Folder::settle() {
  std::error_code error;
  const fs::path plain = fs::canonical(path_, error);
  if (!error) path_ = plain;
  prepare_for_other_users();
}

// Only root can become somebody else. Without it nothing is lost but a convenient place.
void Folder::prepare_for_other_users() {
  if (geteuid() != 0) return;
  if (!temporary_.empty() && chmod(temporary_.c_str(), kSearchable) != 0) return;
  const fs::path folder = path_ / format::kOtherUsersFolderName;
  if (mkdir(folder.c_str(), 0700) != 0) {
    struct stat status {};  // of a soak that was killed?
    const bool ours = errno == EEXIST && lstat(folder.c_str(), &status) == 0 &&
                      S_ISDIR(status.st_mode) && status.st_uid == geteuid();
    if (!ours) return;
  }
  if (chmod(folder.c_str(), kAnybodyMakes) != 0) return;
  other_users_ = folder;
}

std::vector<std::string> Folder::gather(std::vector<std::string>& recordings) {
  std::vector<std::string> notes;
  // First: what a process left when it gave up root has the name of what it made then.
  for (const fs::path& recording : recordings_in(path_)) remove_if_without_snapshots(recording);
  if (!other_users_.empty()) {
    for (const fs::path& recording : recordings_in(other_users_)) {
      const fs::path to = free_name(path_, recording.filename());
      if (rename(recording.c_str(), to.c_str()) != 0) continue;
      for (std::string& path : recordings) {
        if (path == recording.native()) path = to.native();
      }
    }
    std::error_code error;
    fs::remove_all(other_users_, error);
    other_users_.clear();
  }
  for (const std::string& path : recordings) {
    if (fs::path(path).parent_path() == path_) continue;
    notes.push_back("a recording is in " + in_quotes(path) +
                    ": its process could not write to the soak's folder");
  }
  return notes;
}

}  // namespace silt::soak
