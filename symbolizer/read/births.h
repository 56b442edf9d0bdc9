// SPDX-License-Identifier: Apache-2.0
//
// At which snapshots of a recording the births of live blocks are kept. Verdicts look at some 25 of
// them (analyze/series.h), and those of all would take most of the memory that a long recording
// does.

#ifndef SILT_SYMBOLIZER_READ_BIRTHS_H_
#define SILT_SYMBOLIZER_READ_BIRTHS_H_

#include <cstddef>
#include <vector>

#include "interposer/format/snapshot.h"

namespace silt::read {

inline constexpr size_t kMostWithBirths = 64;

// By snapshot; `metas` ascend by sequence. The first, the newest and the newest one that was not
// taken at exit are among them; others are spread evenly, each the last of its generation code,
// where births can be told from those after it.
std::vector<bool> snapshots_with_births(const std::vector<const format::Meta*>& metas);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_BIRTHS_H_
