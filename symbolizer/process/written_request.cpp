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
  const std::string root_path = proc_path(pid, "root");
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

}  // namespace

WrittenRequest::WrittenRequest(const Reader& reader, const std::string& folder, const Wish& wish)
    : name_(format::kRequestPrefix + std::to_string(reader.own_pid)) {
  folder_ = open_folder_of(reader.pid, folder);
  if (folder_ < 0) return;
  // A thread's number is the size, which a file has only later: it gets its name last.
  const bool sized = wish.heap && wish.heap_thread != 0;
  const std::string first = sized ? name_ + "." + std::to_string(getpid()) : name_;
  const mode_t rights = 0600 | (wish.owners ? format::kRequestForOwners : 0) |
                        (wish.heap ? format::kRequestForHeap : 0);
  const int fd =
      openat(folder_, first.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, rights);
  if (fd < 0) {
    made_ = errno == EEXIST && !sized;
    return;
  }
  made_ = ours_ = true;
  if (sized) {
    made_ = ours_ = ftruncate(fd, wish.heap_thread) == 0 &&
                    linkat(folder_, first.c_str(), folder_, name_.c_str(), 0) == 0;
    unlinkat(folder_, first.c_str(), 0);
  }
  // In a folder like /tmp only a file's owner may remove it.
  if (geteuid() == 0 && reader.user != 0 && fchown(fd, reader.user, static_cast<gid_t>(-1)) != 0) {
    // Then the signal is left.
  }
  close(fd);
}

WrittenRequest::~WrittenRequest() {
  if (ours_) unlinkat(folder_, name_.c_str(), 0);
  if (folder_ >= 0) close(folder_);
}

bool WrittenRequest::understood() const {
  struct stat there {};
  return made_ && fstatat(folder_, name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0 &&
         errno == ENOENT && !lost();
}

bool WrittenRequest::lost() const {
  struct stat folder {};
  return made_ && (fstat(folder_, &folder) != 0 || folder.st_nlink == 0);
}

}  // namespace silt::process
