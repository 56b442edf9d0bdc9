// SPDX-License-Identifier: Apache-2.0
//
// The file that tells HotSpot, when SIGQUIT comes, that somebody wants to ask it. It lies in the
// process's working folder or in its /tmp, where others may have put anything.

#ifndef SILT_SYMBOLIZER_PROCESS_ATTACH_FILE_H_
#define SILT_SYMBOLIZER_PROCESS_ATTACH_FILE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "symbolizer/process/facts.h"

namespace silt::process {

// Made for its owner only, of the process's user, and no link is followed. There as long as this
// is; only what was made here is removed.
class AttachFile {
 public:
  AttachFile(pid_t pid, const StatusFacts& status);
  ~AttachFile();
  AttachFile(const AttachFile&) = delete;
  AttachFile& operator=(const AttachFile&) = delete;

  bool there() const { return there_; }
  int error() const { return error_; }  // errno, where it is not there

 private:
  bool make(const std::string& path, uid_t user, gid_t group);

  const std::string name_;
  int folder_ = -1;
  bool there_ = false;
  int error_ = 0;
  std::optional<struct stat> made_;
};

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_ATTACH_FILE_H_
