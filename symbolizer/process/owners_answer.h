// SPDX-License-Identifier: Apache-2.0
//
// Waiting until a snapshot says who keeps its blocks: the process's copy adds that to the file a
// while after the process has written it.

#ifndef SILT_SYMBOLIZER_PROCESS_OWNERS_ANSWER_H_
#define SILT_SYMBOLIZER_PROCESS_OWNERS_ANSWER_H_

#include <sys/types.h>

#include <string>

#include "symbolizer/base/result.h"
#include "symbolizer/read/owners.h"

namespace silt::process {

// `path` is what request_snapshot said. The error says why there are no owners; the snapshot is
// good all the same. There is an end to it: that of the copy, or after so many seconds.
Result<read::Owners> await_owners(pid_t pid, const std::string& path, double most_seconds);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_OWNERS_ANSWER_H_
