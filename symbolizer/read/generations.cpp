// SPDX-License-Identifier: Apache-2.0
//
// A merge of two ascending lists.

#include "symbolizer/read/generations.h"

#include <utility>

namespace silt::read {

void add_generations(std::vector<GenerationCount>& sum, const GenerationCount* more, size_t count) {
  std::vector<GenerationCount> merged;
  merged.reserve(sum.size() + count);
  size_t i = 0;
  for (size_t k = 0; k < count; ++k) {
    while (i < sum.size() && sum[i].code < more[k].code) merged.push_back(sum[i++]);
    merged.push_back(more[k]);
    if (i < sum.size() && sum[i].code == more[k].code) {
      merged.back().blocks += sum[i].blocks;
      merged.back().bytes += sum[i++].bytes;
    }
  }
  merged.insert(merged.end(), sum.begin() + static_cast<ptrdiff_t>(i), sum.end());
  sum = std::move(merged);
}

}  // namespace silt::read
