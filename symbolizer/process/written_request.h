// SPDX-License-Identifier: Apache-2.0
//
// The way in to a process that interrupts nothing: an empty file that it looks for while it
// allocates, and removes when it sees it (interposer/format/control.h). Several silts that ask at
// the same time share one file. Whoever made it takes it back when it waits no more, and marks it
// before, so that the others can tell that from the process having seen it.

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

  // There was one when it was last looked at, ours or another's.
  bool made() const { return file_ >= 0; }
  // The process has removed it: it takes, or has taken, a snapshot. Makes the request anew when it
  // was another's who has taken it back.
  bool understood();

 private:
  void make();
  bool is_there() const;
  bool was_taken_back() const;
  void take_back() const;
  // The folder is no more, so nobody will ever look.
  bool lost() const;

  const Reader reader_;
  const Wish wish_;
  const std::string name_;
  int folder_ = -1;
  int file_ = -1;      // open, so that no other file can have its number
  bool ours_ = false;  // and not another silt's, which asks at the same time
};

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_WRITTEN_REQUEST_H_
