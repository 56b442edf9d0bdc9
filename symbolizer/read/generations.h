// SPDX-License-Identifier: Apache-2.0
//
// Sums of live memory by birth.

#ifndef SILT_SYMBOLIZER_READ_GENERATIONS_H_
#define SILT_SYMBOLIZER_READ_GENERATIONS_H_

#include <cstddef>
#include <vector>

#include "symbolizer/read/recording.h"

namespace silt::read {

// Adds `count` generations to `sum`; both ascend by code.
void add_generations(std::vector<GenerationCount>& sum, const GenerationCount* more, size_t count);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_GENERATIONS_H_
