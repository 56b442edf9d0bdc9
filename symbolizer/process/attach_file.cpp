// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/attach_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "symbolizer/process/jvm_facts.h"

namespace silt::process {

AttachFile::AttachFile(pid_t pid, const StatusFacts& status)
    : name_(".attach_pid" + own_pid(pid, status)) {
  struct stat process {};
  if (stat(living_path(pid, "").c_str(), &process) != 0) process.st_gid = getegid();
  for (const char* const folder : {"cwd", "root/tmp"}) {
    if (make(living_path(pid, folder), status.user, process.st_gid)) return;
  }
}

AttachFile::~AttachFile() {
  struct stat file {};
  if (!made_ || fstatat(folder_, name_.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) {
    // Somebody has removed it.
  } else if (file.st_ino == made_->st_ino && file.st_dev == made_->st_dev) {
    unlinkat(folder_, name_.c_str(), 0);
  }
  if (folder_ >= 0) close(folder_);
}

bool AttachFile::make(const std::string& path, uid_t user, gid_t group) {
  const int folder = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    error_ = errno;
    return false;
  }
  const int fd =
      openat(folder, name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  struct stat file {};
  if (fd < 0) {
    error_ = errno;
    // Another tool is asking at this moment, or one was killed: HotSpot takes its file as well.
    there_ = error_ == EEXIST && fstatat(folder, name_.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISREG(file.st_mode) && file.st_uid == user;
    close(folder);
    return there_;
  }
  there_ = fstat(fd, &file) == 0 && (file.st_uid == user || fchown(fd, user, group) == 0);
  if (!there_) error_ = errno;
  close(fd);
  if (!there_) {
    unlinkat(folder, name_.c_str(), 0);
    close(folder);
    return false;
  }
  made_ = file;
  folder_ = folder;
  return true;
}

}  // namespace silt::process
