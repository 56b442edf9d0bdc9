// SPDX-License-Identifier: Apache-2.0
//
// Who was recorded and is missing from a verdict. "No leak" about a server whose workers gave no
// snapshot would be said of the master alone; such a run is inconclusive, and names them. Children
// that come and go are no gap: nobody can judge them, and their memory goes with them.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_UNJUDGED_H_
#define SILT_SYMBOLIZER_REPORT_GATE_UNJUDGED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// What a recording tells of its process and of the children it saw.
struct RecordedProcess {
  uint32_t pid = 0;
  std::string place;  // where that number is its: a host, pod and container
  std::string program;
  double lived_seconds = 0;   // as far as its snapshots show
  double judged_seconds = 0;  // between the first and the last that count for a verdict
  size_t judged_snapshots = 0;
  std::vector<read::Child> children;  // each once, at its oldest
};
RecordedProcess facts_of(const read::Recording& recording, const report::Report& report);

// Fewer snapshots under load are too few for a verdict.
inline constexpr size_t kFewestForVerdict = 4;

// Whether a process lived long enough to be missed: ten seconds, or half of a run that was shorter
// than twenty.
bool lived_long(double lived_seconds, double run_seconds);

// Processes without a verdict of their own: recordings that are too short beside others that are
// not, and recorded children of which there is no recording here.
std::vector<report::Unjudged> find_unjudged(const std::vector<RecordedProcess>& recordings);

// Which recordings are long enough; all of them when none is. A worker that was recycled after two
// snapshots says nothing about growth, and must not make the verdict on the others one of too few.
std::vector<bool> worth_a_verdict(const std::vector<RecordedProcess>& recordings);
std::string left_out_text(size_t count);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_UNJUDGED_H_
