// SPDX-License-Identifier: Apache-2.0
//
// Does a sum that is known to the byte keep growing? Live native bytes, resident bytes of mappings
// and V8's heapUsed after collections need no samples and no counts of blocks: their own curve is
// the evidence. Growth in every window is a rule for places, whose blocks stay or go; of a sum the
// slope counts, since one collection may find a little less garbage than another. A sum that bends,
// ends, steps up once or is given back in bulk is no leak; docs/verdicts.md has the rules.

#ifndef SILT_SYMBOLIZER_ANALYZE_WHOLE_H_
#define SILT_SYMBOLIZER_ANALYZE_WHOLE_H_

#include <vector>

#include "symbolizer/analyze/verdict.h"

namespace silt::analyze {

// What a sum must at least rise by, after warm-up, to be spoken of: bytes, and a share of its peak.
struct WholeFloor {
  double bytes = 0;
  double share = 0;
};

// Values at ascending times in seconds, and by the process's own activity where it is known (else
// empty): a bend must show on both clocks. Fewer than five values are `steady`: too short a look at
// a sum.
struct Curve {
  std::vector<double> seconds;
  std::vector<double> activity;
  std::vector<double> values;
};
Judgement judge_whole(const Curve& curve, const WholeFloor& floor);

// Bytes an hour below which no growth of this length is spoken of; 0 when too short.
double smallest_whole(const Curve& curve, const WholeFloor& floor);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_WHOLE_H_
