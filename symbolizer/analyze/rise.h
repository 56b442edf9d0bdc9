// SPDX-License-Identifier: Apache-2.0
//
// What is no leak: what rose and is flat by now, or in doubt, and what never rose.

#ifndef SILT_SYMBOLIZER_ANALYZE_RISE_H_
#define SILT_SYMBOLIZER_ANALYZE_RISE_H_

#include "symbolizer/analyze/evidence.h"
#include "symbolizer/analyze/trend.h"

namespace silt::analyze {

void judge_steady(const Evidence& evidence, const Trend& trend, Judgement& judgement);

// What rose over four moments or more.
void judge_rise(const Evidence& evidence, const Trend& trend, Judgement& judgement);

// What rose over two or three.
void judge_short(const Evidence& evidence, const Trend& trend, Judgement& judgement);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_RISE_H_
