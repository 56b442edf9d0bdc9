// SPDX-License-Identifier: Apache-2.0
//
// The way in to a process that interrupts nothing: an empty file that it looks for while it
// allocates, and removes when it sees it (interposer/format/control.h). It is taken back when
// nobody waits for the answer any more.

#ifndef SILT_SYMBOLIZER_PROCESS_WRITTEN_REQUEST_H_
#define SILT_SYMBOLIZER_PROCESS_WRITTEN_REQUEST_H_

#include <sys/types.h>

#include <string>

#include "symbolizer/process/wish.h"

namespace silt::process {

class WrittenRequest {
 public:
  struct Reader {
    pid_t pid;      // here
    pid_t own_pid;  // as the process itself has it
    uid_t user;     // must be able to remove the request
  };
  // In a folder as the process sees it, which may be in a container. `made` says whether it could.
  WrittenRequest(const Reader& reader, const std::string& folder, const Wish& wish);
  ~WrittenRequest();
  WrittenRequest(const WrittenRequest&) = delete;
  WrittenRequest& operator=(const WrittenRequest&) = delete;

  bool made() const { return made_; }
  // The process has removed it: it takes, or has taken, a snapshot.
  bool understood() const;
  // The folder is no more, so nobody will ever look.
  bool lost() const;

 private:
  std::string name_;
  int folder_ = -1;
  bool made_ = false;
  bool ours_ = false;  // and not another silt's, which asks at the same time
};

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_WRITTEN_REQUEST_H_
