// SPDX-License-Identifier: Apache-2.0
//
// Asking a running process for a snapshot, and waiting until it is there.

#ifndef SILT_SYMBOLIZER_PROCESS_SNAPSHOT_REQUEST_H_
#define SILT_SYMBOLIZER_PROCESS_SNAPSHOT_REQUEST_H_

#include <sys/types.h>

#include <string>

#include "symbolizer/base/result.h"
#include "symbolizer/process/wish.h"

namespace silt::process {

// In seconds.
struct Patience {
  double answer;  // for a snapshot that the process has been asked for
  double reach;   // for a process that cannot be interrupted and does not allocate
};

// The path of the new snapshot. The process is not harmed when it cannot take one; the error is a
// line that says why.
Result<std::string> request_snapshot(pid_t pid, const Patience& patience, Wish wish = Wish::kPlain);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_SNAPSHOT_REQUEST_H_
