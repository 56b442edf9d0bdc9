// SPDX-License-Identifier: Apache-2.0
//
// How the tool ends: the statuses that users' scripts and CI jobs rely on (docs/cli.md).

#ifndef SILT_SYMBOLIZER_BASE_EXIT_STATUS_H_
#define SILT_SYMBOLIZER_BASE_EXIT_STATUS_H_

#include "symbolizer/base/result.h"

namespace silt {

enum ExitStatus : int {
  kDone = 0,          // done, nothing found
  kBroken = 1,        // a finding broke the policy
  kUsage = 2,         // the command line
  kInput = 3,         // an input could not be read or is too short for a verdict
  kInconclusive = 4,  // by policy
};

// The status with which a command ends that could not do its work.
inline int status_of(const Error& error) {
  return error.kind == ErrorKind::kUsage ? kUsage : kInput;
}

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_EXIT_STATUS_H_
