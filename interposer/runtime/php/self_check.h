// SPDX-License-Identifier: Apache-2.0
//
// Before anything is read from frames at a walk, what is read from those that are running is
// compared with what the engine's own functions say of them. Hook context, on the thread that runs
// PHP.

#ifndef SILT_INTERPOSER_RUNTIME_PHP_SELF_CHECK_H_
#define SILT_INTERPOSER_RUNTIME_PHP_SELF_CHECK_H_

#include <cstdint>

namespace silt::php {

enum class Checked : uint8_t {
  kRight,
  kNothingRuns,  // no PHP frame to look at: later
  kWrong,
};

Checked check_layout();

}  // namespace silt::php

#endif  // SILT_INTERPOSER_RUNTIME_PHP_SELF_CHECK_H_
