// SPDX-License-Identifier: Apache-2.0
//
// See written_request.h. The folder may hold anything, links put there to mislead included: it is
// looked up within the process's own root, and nothing is ever opened that was there before.

#include "symbolizer/process/written_request.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "interposer/format/control.h"
#include "symbolizer/process/facts.h"

namespace silt::process {
namespace {

int open_folder_of(pid_t pid, const std::string& folder) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  const std::string root_path = living_path(pid, "root");
  const int root = open(root_path.c_str(), kFlags);
  if (root < 0) return -1;
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_IN_ROOT;
  int fd = static_cast<int>(syscall(SYS_openat2, root, folder.c_str(), &how, sizeof how));
  // Kernels before 5.6, and sandboxes that know only those.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    fd = open((root_path + folder).c_str(), kFlags);
  close(root);
  return fd;
}

// A right that means nothing to the process.
constexpr mode_t kTakenBack = 0001;

// Others may make and remove theirs between two steps.
constexpr int kOpenAttempts = 8;

bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

WrittenRequest::WrittenRequest(const Reader& reader, const std::string& folder, const Wish& wish)
    : reader_(reader),
      wish_(wish),
      name_(format::kRequestPrefix + std::to_string(reader.own_pid)),
      folder_(open_folder_of(reader.pid, folder)) {
  if (folder_ >= 0) make();
}

WrittenRequest::~WrittenRequest() {
  if (ours_) take_back();
  if (file_ >= 0) close(file_);
  if (folder_ >= 0) close(folder_);
}

// A thread's number is the size, which a file has only later: it gets its name last.
void WrittenRequest::make() {
  const bool sized = wish_.heap && wish_.heap_thread != 0;
  const std::string first = sized ? name_ + "." + std::to_string(getpid()) : name_;
  const mode_t rights = 0600 | (wish_.owners ? format::kRequestForOwners : 0) |
                        (wish_.owners_if_small ? format::kRequestForOwnersIfSmall : 0) |
                        (wish_.heap ? format::kRequestForHeap : 0);
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  for (int attempt = 0; file_ < 0 && attempt < kOpenAttempts; ++attempt) {
    file_ = openat(folder_, first.c_str(), kNew, rights);
    ours_ = file_ >= 0;
    if (ours_ || errno != EEXIST || sized) break;
    file_ = openat(folder_, name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }
  if (!ours_) return;
  // In a folder like /tmp only a file's owner may remove it.
  if (geteuid() == 0 && reader_.user != 0 &&
      fchown(file_, reader_.user, static_cast<gid_t>(-1)) != 0) {
    // Then the signal is left.
  }
  if (!sized) return;
  ours_ = ftruncate(file_, wish_.heap_thread) == 0 &&
          linkat(folder_, first.c_str(), folder_, name_.c_str(), 0) == 0;
  unlinkat(folder_, first.c_str(), 0);
  if (ours_) return;
  close(file_);
  file_ = -1;
}

bool WrittenRequest::understood() {
  if (!made() || is_there() || lost()) return false;
  if (ours_ || !was_taken_back()) return true;
  close(file_);
  file_ = -1;
  make();
  return false;
}

bool WrittenRequest::is_there() const {
  struct stat named {
  }, made{};
  if (fstatat(folder_, name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) return errno != ENOENT;
  return fstat(file_, &made) == 0 && same_file(named, made);
}

bool WrittenRequest::was_taken_back() const {
  struct stat made {};
  return fstat(file_, &made) == 0 && (made.st_mode & kTakenBack) != 0;
}

// The name may be another's request by now, made after the process had removed ours. So it is moved
// away first, looked at, and put back when it is not ours.
void WrittenRequest::take_back() const {
  if (!is_there()) return;
  struct stat made {
  }, moved{};
  const std::string aside = name_ + "." + std::to_string(getpid());
  if (fstat(file_, &made) != 0) return;
  // For those who share it and see it vanish: not the process has removed it.
  if (fchmod(file_, (made.st_mode & 0777) | kTakenBack) != 0) {
    // They time out, as they would with a process that does not answer.
  }
  if (renameat(folder_, name_.c_str(), folder_, aside.c_str()) != 0) return;
  if (fstatat(folder_, aside.c_str(), &moved, AT_SYMLINK_NOFOLLOW) == 0 &&
      !same_file(moved, made)) {
    linkat(folder_, aside.c_str(), folder_, name_.c_str(), 0);
  }
  unlinkat(folder_, aside.c_str(), 0);
}

bool WrittenRequest::lost() const {
  struct stat folder {};
  return fstat(folder_, &folder) != 0 || folder.st_nlink == 0;
}

}  // namespace silt::process
