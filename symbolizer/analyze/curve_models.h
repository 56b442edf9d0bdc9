// SPDX-License-Identifier: Apache-2.0
//
// Models of how a count grows, compared by evidence. A leak adds at a steady pace, maybe after a
// warm-up; a table of so many possible keys fills ever more slowly (exponentially), and what
// follows a record grows with one over the time. Each is fitted to the counts of the windows as
// counts, on the clock that suits it best, and the one that explains them with fewer parameters
// wins.

#ifndef SILT_SYMBOLIZER_ANALYZE_CURVE_MODELS_H_
#define SILT_SYMBOLIZER_ANALYZE_CURVE_MODELS_H_

#include <cstddef>
#include <span>

#include "symbolizer/analyze/trend.h"

namespace silt::analyze {

struct CurveComparison {
  // How much better growth with an end explains the windows than growth without one: the difference
  // of their Bayesian information criteria (Schwarz 1978), deviances scaled by the spread that the
  // better of the two leaves. Above 0: the end is likelier.
  double for_an_end = 0;
  // The same for growth that slows down from its beginning on.
  double for_a_slow_end = 0;
  // The same for a warm-up after which a steady pace stays, against growth with an end: one that
  // fades away exponentially above the pace, or one of any course that is over before half of the
  // windows are.
  double for_a_floor = 0;
  // The windows of that other warm-up, where it explains most; 0: it does not.
  size_t even_from = 0;
  // Under the model with an end: the pace at the end over the pace where warm-up ends.
  double late_pace = 1;
  double spread = 1;  // variance of a window's count over that of independent events
};

// `warm_up`: windows at the start that the steady model leaves out, each at the price of a
// parameter. Fewer than two windows after them compare nothing.
CurveComparison compare_models(std::span<const Step> steps, size_t warm_up, double events_per_unit);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_CURVE_MODELS_H_
