// SPDX-License-Identifier: Apache-2.0
//
// The part of a soak during which the program runs: start, readiness, load, snapshots, end. What it
// leaves is a folder of recordings and what there is to say about them.

#ifndef SILT_SYMBOLIZER_SOAK_SESSION_H_
#define SILT_SYMBOLIZER_SOAK_SESSION_H_

#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"
#include "symbolizer/soak/task.h"

namespace silt::soak {

struct Gathered {
  std::vector<std::string> recordings;  // to be judged, that of the program itself first
  std::vector<std::string> notes;       // one line each
  std::vector<report::Unjudged> unjudged;
  std::string mistrust;    // why this run cannot clear the program; empty: it can
  double seconds = 0;      // under load
  int signal = 0;          // that cut it short
  bool no_report = false;  // asked to end a second time
};

// An error when nothing was recorded. Every process started has ended when this returns.
Result<Gathered> run_soak(const Task& task);

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_SESSION_H_
