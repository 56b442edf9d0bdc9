// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/own_snapshots.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "symbolizer/read/recording_folder.h"

namespace silt::commands {

OwnSnapshots::~OwnSnapshots() {
  for (const File& file : files_) {
    if (!kept_) remove(file);
    close(file.folder);
  }
}

void OwnSnapshots::took(const std::filesystem::path& path, uid_t owner) {
  if (!read::is_snapshot_name(path.filename().native())) return;
  const int folder =
      open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return;
  struct stat facts {};
  const bool known = fstatat(folder, path.filename().c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISREG(facts.st_mode) && facts.st_uid == owner;
  if (!known) {
    close(folder);
    return;
  }
  files_.push_back({path, folder, facts.st_dev, facts.st_ino});
}

void OwnSnapshots::drop(const std::filesystem::path& path) {
  if (kept_) return;
  const auto at = std::find_if(files_.begin(), files_.end(),
                               [&path](const File& file) { return file.path == path; });
  if (at == files_.end()) return;
  remove(*at);
  close(at->folder);
  files_.erase(at);
}

void OwnSnapshots::remove(const File& file) {
  struct stat facts {};
  const std::filesystem::path name = file.path.filename();
  if (fstatat(file.folder, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (facts.st_dev != file.device || facts.st_ino != file.inode) return;  // another by now
  unlinkat(file.folder, name.c_str(), 0);
}

}  // namespace silt::commands
